import type { Mode } from '@watchword/contracts';
import { Secret, secretVariable } from '@watchword/platform';
import { z } from 'zod';
import { circuitKeyOf } from '../../circuit/circuit.ts';
import { baseUrlVariable } from '../credentials.ts';
import type { Account, SigningAccount, Surroundings } from '../provider-kind.ts';
import { reachableReceiptsUrl } from '../receipt.ts';
import { PLATFORM_SANDBOX_TOKEN } from '../sandbox-account.ts';

export const twilioSettings = z.strictObject({
  account_sid: z.string().regex(/^AC[0-9a-fA-F]{32}$/, 'must be AC and 32 hex digits'),
  from: z
    .string()
    .regex(
      /^(\+[1-9]\d{4,14}|\d{3,8}|MG[0-9a-fA-F]{32}|[A-Za-z0-9 ]{1,11})$/,
      'must be a number, a sender name or MG…',
    ),
});
export const twilioCredentials = z.strictObject({ auth_token: z.string().min(1).max(256) });
type Settings = z.infer<typeof twilioSettings>;
type Credentials = z.infer<typeof twilioCredentials>;

/** Twilio's part of the environment: the platform's own account. */
export const twilioVariables = {
  TWILIO_ACCOUNT_SID: twilioSettings.shape.account_sid
    .optional()
    .describe('Twilio account; without credentials Twilio is the sandbox, for test keys'),
  TWILIO_AUTH_TOKEN: secretVariable().optional().describe('Its auth token'),
  TWILIO_FROM: twilioSettings.shape.from
    .optional()
    .describe('Sender: a number, a sender name or a messaging service (`MG…`)'),
  TWILIO_BASE_URL: baseUrlVariable()
    .optional()
    .describe("Another base URL than Twilio's own, for the projects' accounts as well"),
};

export interface TwilioConfig {
  readonly mode: Mode;
  readonly accountSid: string;
  readonly authToken: Secret;
  /** A number, a sender name, or a messaging service's `MG…`. */
  readonly from: string;
  readonly baseUrl: string;
  /** Where it is asked to send receipts. */
  readonly receiptsUrl?: string | undefined;
}

const TWILIO_URL = 'https://api.twilio.com';
const SANDBOX_ACCOUNT = { account_sid: `AC${'0'.repeat(32)}`, from: '+15005550006' };

export function toTwilioConfig(account: Account<Settings, Credentials>, surroundings: Surroundings): TwilioConfig {
  const { sandboxUrl, receiptsUrl } = surroundings;
  const isLive = account.mode === 'live';
  const { account_sid, from } = isLive ? account.settings : { ...SANDBOX_ACCOUNT, ...account.settings };
  const baseUrl = isLive ? (surroundings.baseUrl ?? TWILIO_URL) : sandboxUrl;
  return {
    mode: account.mode,
    accountSid: account_sid,
    authToken: isLive ? new Secret(account.credentials.auth_token) : account.sandboxToken,
    from,
    baseUrl,
    receiptsUrl: reachableReceiptsUrl(receiptsUrl, baseUrl),
  };
}

/** An account whose receipts are believed, in its own mode: its auth token signs them. */
export interface TwilioReceiptAccount {
  readonly mode: Mode;
  readonly circuit: string;
  readonly authToken: Secret;
}

export const toTwilioReceiptAccount = (account: SigningAccount<Settings, Credentials>): TwilioReceiptAccount => ({
  mode: account.mode,
  circuit: account.circuit,
  authToken: account.mode === 'live' ? new Secret(account.credentials.auth_token) : account.sandboxToken,
});

/** The platform's own accounts. */
export function twilioReceiptAccounts(variables: { TWILIO_AUTH_TOKEN?: Secret | undefined }): TwilioReceiptAccount[] {
  const { TWILIO_AUTH_TOKEN: live } = variables;
  const accountOf = (mode: Mode, authToken: Secret) => ({
    mode,
    circuit: circuitKeyOf({ name: 'twilio', mode }),
    authToken,
  });
  return [...(live === undefined ? [] : [accountOf('live', live)]), accountOf('test', PLATFORM_SANDBOX_TOKEN)];
}
