import type { Mode } from '@watchword/contracts';
import { Secret, secretVariable } from '@watchword/platform';
import { z } from 'zod';
import { baseUrlVariable, wholeCredentials } from '../credentials.ts';
import { reachableReceiptsUrl } from '../receipt.ts';

/** Vonage's part of the environment. */
export const vonageVariables = {
  VONAGE_API_KEY: z
    .string()
    .regex(/^[0-9A-Za-z]{4,32}$/, 'must be 4 to 32 letters and digits')
    .optional()
    .describe('Vonage account; without credentials Vonage is the sandbox, for test keys'),
  VONAGE_API_SECRET: secretVariable().optional().describe('Its API secret'),
  VONAGE_FROM: z
    .string()
    .regex(/^(\+?[1-9]\d{2,14}|[A-Za-z0-9 ]{1,11})$/, 'must be a number or a sender name')
    .optional()
    .describe('Sender: a number or a sender name'),
  VONAGE_BASE_URL: baseUrlVariable().optional().describe("Another base URL than Vonage's own"),
};
export type VonageVariables = z.infer<z.ZodObject<typeof vonageVariables>> & { RECEIPTS_URL?: string | undefined };

/** As the dashboard names them: a plain MD5 with the secret behind it, or an HMAC. */
const SIGNATURE_METHODS = ['md5hash', 'md5', 'sha1', 'sha256', 'sha512'] as const;
export type VonageSignatureMethod = (typeof SIGNATURE_METHODS)[number];

/** What the receipts of the account are signed with. */
export const vonageReceiptVariables = {
  VONAGE_SIGNATURE_SECRET: secretVariable()
    .optional()
    .describe("Signature secret of the Vonage account; without it the account's receipts are refused"),
  VONAGE_SIGNATURE_METHOD: z
    .enum(SIGNATURE_METHODS)
    .default('md5hash')
    .describe('Its signature method: `md5hash`, or the hash of an HMAC'),
};
export type VonageReceiptVariables = z.infer<z.ZodObject<typeof vonageReceiptVariables>>;

export interface VonageConfig {
  readonly mode: Mode;
  readonly apiKey: string;
  readonly apiSecret: Secret;
  readonly from: string;
  readonly baseUrl: string;
  /** Vonage's SDK has no time-out of its own unless told. */
  readonly timeoutMs: number;
  /** Where it is asked to send receipts. */
  readonly receiptsUrl?: string | undefined;
}

const VONAGE_URL = 'https://rest.nexmo.com';
/** Of the made-up account: whoever reads this can sign for it, so its receipts count in test mode only. */
const SANDBOX_SECRET = new Secret('sandbox');

/** The account that the variables name (`live`), or a made-up one at the sandbox (`test`). */
export function resolveVonageConfig(variables: VonageVariables, sandboxUrl: string, timeoutMs: number): VonageConfig {
  const { VONAGE_API_KEY, VONAGE_API_SECRET, VONAGE_FROM, VONAGE_BASE_URL, RECEIPTS_URL } = variables;
  const whole = wholeCredentials({ VONAGE_API_KEY, VONAGE_API_SECRET, VONAGE_FROM }, { VONAGE_BASE_URL });
  if (!whole) {
    return {
      mode: 'test',
      apiKey: 'sandbox',
      apiSecret: SANDBOX_SECRET,
      from: 'Watchword',
      baseUrl: sandboxUrl,
      timeoutMs,
      receiptsUrl: reachableReceiptsUrl(RECEIPTS_URL, sandboxUrl),
    };
  }
  const baseUrl = VONAGE_BASE_URL ?? VONAGE_URL;
  return {
    mode: 'live',
    apiKey: whole.VONAGE_API_KEY,
    apiSecret: whole.VONAGE_API_SECRET,
    from: whole.VONAGE_FROM.replace(/^\+/, ''),
    baseUrl,
    timeoutMs,
    receiptsUrl: reachableReceiptsUrl(RECEIPTS_URL, baseUrl),
  };
}

export interface VonageReceiptAccount {
  readonly mode: Mode;
  readonly signatureSecret: Secret;
  readonly signatureMethod: VonageSignatureMethod;
}

/** The accounts whose receipts are believed, each in its own mode. The sandbox signs with its API secret, as a plain MD5. */
export function vonageReceiptAccounts(variables: VonageReceiptVariables): VonageReceiptAccount[] {
  const { VONAGE_SIGNATURE_SECRET: signatureSecret, VONAGE_SIGNATURE_METHOD: signatureMethod } = variables;
  const sandbox: VonageReceiptAccount = {
    mode: 'test',
    signatureSecret: SANDBOX_SECRET,
    signatureMethod: 'md5hash',
  };
  return signatureSecret === undefined ? [sandbox] : [{ mode: 'live', signatureSecret, signatureMethod }, sandbox];
}
