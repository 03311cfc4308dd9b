import type { KeyObject } from 'node:crypto';
import type { Mode } from '@watchword/contracts';
import { secretVariable } from '@watchword/platform';
import { z } from 'zod';
import { baseUrlVariable } from '../credentials.ts';
import type { Account, Surroundings } from '../provider-kind.ts';
import { readRsaKey, rsaKeyPem } from '../rs256.ts';

export const fcmSettings = z.strictObject({
  project_id: z.string().regex(/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/, 'must be the id of a Google Cloud project'),
  client_email: z.email().max(254),
});
export const fcmCredentials = z.strictObject({
  private_key: rsaKeyPem.describe('`private_key` of the service account’s JSON file, PEM'),
});
type Settings = z.infer<typeof fcmSettings>;
type Credentials = z.infer<typeof fcmCredentials>;

/** Firebase's part of the environment: the platform's own account. */
export const fcmVariables = {
  FCM_PROJECT_ID: fcmSettings.shape.project_id
    .optional()
    .describe('Firebase project; without a service account push is the sandbox, for test keys'),
  FCM_CLIENT_EMAIL: fcmSettings.shape.client_email.optional().describe('`client_email` of its service account'),
  FCM_PRIVATE_KEY: secretVariable()
    .optional()
    .describe('`private_key` of its service account, PEM; line ends may be written `\\n`'),
  FCM_BASE_URL: baseUrlVariable()
    .optional()
    .describe("Another base URL than Google's own, for tokens and messages, for the projects' accounts as well"),
};

export interface FcmConfig {
  readonly mode: Mode;
  readonly projectId: string;
  readonly clientEmail: string;
  /** Signs what an access token is asked for with. */
  readonly key: KeyObject | 'any';
  readonly tokenUrl: string;
  readonly baseUrl: string;
  readonly timeoutMs: number;
}

const FCM_URL = 'https://fcm.googleapis.com';
const TOKEN_URL = 'https://oauth2.googleapis.com/token';
const SANDBOX_ACCOUNT = { project_id: 'sandbox', client_email: 'watchword@sandbox.invalid' };

export function toFcmConfig(account: Account<Settings, Credentials>, surroundings: Surroundings): FcmConfig {
  const { sandboxUrl, baseUrl, timeoutMs } = surroundings;
  const isLive = account.mode === 'live';
  const { project_id, client_email } = isLive ? account.settings : { ...SANDBOX_ACCOUNT, ...account.settings };
  const instead = isLive ? baseUrl : sandboxUrl;
  return {
    mode: account.mode,
    projectId: project_id,
    clientEmail: client_email,
    key: isLive ? keyOf(account.credentials) : 'any',
    tokenUrl: instead === undefined ? TOKEN_URL : `${instead}/token`,
    baseUrl: instead ?? FCM_URL,
    timeoutMs,
  };
}

/** The schema has read it before. */
const keyOf = ({ private_key }: Credentials) => readRsaKey(private_key) as KeyObject;
