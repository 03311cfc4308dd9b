import { createHash } from 'node:crypto';
import type { Mode } from '@watchword/contracts';
import { Secret, secretVariable } from '@watchword/platform';
import { z } from 'zod';
import { type Account, AccountUnusable, type SigningAccount, type Surroundings } from '../provider-kind.ts';
import { mayBePublicHost } from '../public-address.ts';
import { accountReference } from '../receipt.ts';
import { receiptsUrlOf } from '../receipts-url.ts';
import { templateName } from '../whatsapp-template.ts';

const API_VERSIONS = ['v1', 'v2'] as const;
type WatiApiVersion = (typeof API_VERSIONS)[number];

export const watiSettings = z.strictObject({
  base_url: z
    .url({ protocol: /^https$/, error: 'must be the https URL of the account’s API, as WATI shows it' })
    .refine((url) => !/[?#@]/.test(url), 'must have no user, query or fragment'),
  api_version: z.enum(API_VERSIONS).optional().describe('Usually v2, whose answers name the message'),
  template: templateName.optional().describe('Usually login_otp'),
  parameter: z
    .string()
    .regex(/^[A-Za-z0-9_]{1,64}$/, 'must be the name of a placeholder')
    .optional()
    .describe('The template’s placeholder that the code goes to; usually 1'),
});
const WEBHOOK_SECRET = /^[A-Za-z0-9_-]{16,64}$/;
const WEBHOOK_SECRET_RULE = 'must be 16 to 64 letters, digits, - and _';
export const watiCredentials = z.strictObject({
  access_token: z
    .string()
    .min(1)
    .max(4_096)
    .transform((token) => token.replace(/^Bearer\s+/i, '')),
  webhook_secret: z
    .string()
    .regex(WEBHOOK_SECRET, WEBHOOK_SECRET_RULE)
    .optional()
    .describe('The end of the receipt URL; without it receipts of the account are refused'),
});
type Settings = z.infer<typeof watiSettings>;
type Credentials = z.infer<typeof watiCredentials>;

const { shape } = watiSettings;

/** WATI's part of the environment: the platform's own account. */
export const watiVariables = {
  WATI_BASE_URL: shape.base_url
    .optional()
    .describe('API of the WATI account, as WATI shows it; without credentials WATI is the sandbox, for test keys'),
  WATI_ACCESS_TOKEN: secretVariable().optional().describe('Its access token'),
  WATI_API_VERSION: shape.api_version,
  WATI_TEMPLATE: shape.template.describe('Its approved template; usually `login_otp`'),
  WATI_PARAMETER: shape.parameter,
};

/** What the account's receipts are told from others by. */
export const watiReceiptVariables = {
  WATI_WEBHOOK_SECRET: secretVariable()
    .refine((secret) => WEBHOOK_SECRET.test(secret.reveal()), WEBHOOK_SECRET_RULE)
    .optional()
    .describe("Ends the receipt URL of the WATI account; without it the account's receipts are refused"),
};

export interface WatiConfig {
  readonly mode: Mode;
  /** With the tenant in its path, where WATI has it so. */
  readonly baseUrl: string;
  /** Whether names may lead into our own network: only where the URL is the operator's. */
  readonly isTenantUrl: boolean;
  readonly accessToken: Secret;
  readonly apiVersion: WatiApiVersion;
  readonly template: string;
  readonly parameter: string;
  readonly givesReceipts: boolean;
}

/**
 * The account's own base URL is used and no other: each account has one, and its token is for nobody else. A project's must
 * lead to the public internet; at the sandbox the tenant is named by the account's reference, so it knows which URL to call.
 */
export function toWatiConfig(account: Account<Settings, Credentials>, surroundings: Surroundings): WatiConfig {
  const { sandboxUrl, reference } = surroundings;
  const isLive = account.mode === 'live';
  const baseUrl = isLive ? account.settings.base_url : `${sandboxUrl}/${reference}`;
  const isTenantUrl = isLive && reference !== accountReference('platform');
  if (isTenantUrl && !mayBePublicHost(new URL(baseUrl).hostname)) {
    throw new AccountUnusable('not usable: base_url is not on the public internet');
  }
  const { api_version = 'v2', template = 'login_otp', parameter = '1' } = account.settings;
  return {
    mode: account.mode,
    baseUrl,
    isTenantUrl,
    accessToken: isLive ? new Secret(account.credentials.access_token) : account.sandboxToken,
    apiVersion: api_version,
    template,
    parameter,
    givesReceipts: receiptsUrlOf(account, surroundings, baseUrl, 'webhook_secret') !== undefined,
  };
}

/** How the sandbox ends the receipt URL of an account that calls it with this token. */
export const watiSandboxSecretOf = (sandboxToken: Secret) =>
  new Secret(createHash('sha256').update(`wati ${sandboxToken.reveal()}`).digest('base64url'));

/** An account whose receipts are believed, in its own mode: whoever knows the end of its URL speaks for it. */
export interface WatiReceiptAccount {
  readonly mode: Mode;
  readonly circuit: string;
  readonly reference: string;
  readonly webhookSecret: Secret;
}

/** Undefined for an account without a secret: anyone could have written its receipts. */
export function toWatiReceiptAccount(
  account: SigningAccount<Partial<Settings>, Partial<Credentials>>,
): WatiReceiptAccount | undefined {
  const { mode, circuit, reference } = account;
  if (mode === 'test') return { mode, circuit, reference, webhookSecret: watiSandboxSecretOf(account.sandboxToken) };
  const { webhook_secret } = account.credentials;
  return webhook_secret === undefined
    ? undefined
    : { mode, circuit, reference, webhookSecret: new Secret(webhook_secret) };
}
