import type { Mode } from '@watchword/contracts';
import { Secret, secretVariable } from '@watchword/platform';
import { z } from 'zod';
import { baseUrlVariable, wholeCredentials } from '../credentials.ts';
import { reachableReceiptsUrl } from '../receipt.ts';

/** Twilio's part of the environment. */
export const twilioVariables = {
  TWILIO_ACCOUNT_SID: z
    .string()
    .regex(/^AC[0-9a-fA-F]{32}$/, 'must be AC and 32 hex digits')
    .optional()
    .describe('Twilio account; without credentials Twilio is the sandbox, for test keys'),
  TWILIO_AUTH_TOKEN: secretVariable().optional().describe('Its auth token'),
  TWILIO_FROM: z
    .string()
    .regex(/^(\+[1-9]\d{4,14}|\d{3,8}|MG[0-9a-fA-F]{32}|[A-Za-z0-9 ]{1,11})$/, 'must be a number, a sender name or MG…')
    .optional()
    .describe('Sender: a number, a sender name or a messaging service (`MG…`)'),
  TWILIO_BASE_URL: baseUrlVariable().optional().describe("Another base URL than Twilio's own"),
};
export type TwilioVariables = z.infer<z.ZodObject<typeof twilioVariables>> & { RECEIPTS_URL?: string | undefined };

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
/** Of the made-up account: whoever reads this can sign for it, so its receipts count in test mode only. */
const SANDBOX_TOKEN = new Secret('sandbox');

/** The account that the variables name (`live`), or a made-up one at the sandbox (`test`). */
export function resolveTwilioConfig(variables: TwilioVariables, sandboxUrl: string): TwilioConfig {
  const { TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_FROM, TWILIO_BASE_URL, RECEIPTS_URL } = variables;
  const whole = wholeCredentials({ TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_FROM }, { TWILIO_BASE_URL });
  if (!whole) {
    return {
      mode: 'test',
      accountSid: `AC${'0'.repeat(32)}`,
      authToken: SANDBOX_TOKEN,
      from: '+15005550006',
      baseUrl: sandboxUrl,
      receiptsUrl: reachableReceiptsUrl(RECEIPTS_URL, sandboxUrl),
    };
  }
  const baseUrl = TWILIO_BASE_URL ?? TWILIO_URL;
  return {
    mode: 'live',
    accountSid: whole.TWILIO_ACCOUNT_SID,
    authToken: whole.TWILIO_AUTH_TOKEN,
    from: whole.TWILIO_FROM,
    baseUrl,
    receiptsUrl: reachableReceiptsUrl(RECEIPTS_URL, baseUrl),
  };
}

export interface TwilioReceiptAccount {
  readonly mode: Mode;
  readonly authToken: Secret;
}

/** The accounts whose receipts are believed, each in its own mode. */
export function twilioReceiptAccounts(variables: Pick<TwilioVariables, 'TWILIO_AUTH_TOKEN'>): TwilioReceiptAccount[] {
  const { TWILIO_AUTH_TOKEN: authToken } = variables;
  const sandbox: TwilioReceiptAccount = { mode: 'test', authToken: SANDBOX_TOKEN };
  return authToken === undefined ? [sandbox] : [{ mode: 'live', authToken }, sandbox];
}
