import type { Mode } from '@watchword/contracts';
import { Secret, secretVariable } from '@watchword/platform';
import { z } from 'zod';
import { baseUrlVariable } from '../credentials.ts';
import type { Account, SigningAccount, Surroundings } from '../provider-kind.ts';
import { receiptsUrlOf } from '../receipts-url.ts';

/** As the dashboard names them: a plain MD5 with the secret behind it, or an HMAC. */
const SIGNATURE_METHODS = ['md5hash', 'md5', 'sha1', 'sha256', 'sha512'] as const;
export type VonageSignatureMethod = (typeof SIGNATURE_METHODS)[number];
const USUAL_METHOD = 'md5hash';

const secret = z.string().min(1).max(256);
export const vonageSettings = z.strictObject({
  api_key: z.string().regex(/^[0-9A-Za-z]{4,32}$/, 'must be 4 to 32 letters and digits'),
  from: z.string().regex(/^(\+?[1-9]\d{2,14}|[A-Za-z0-9 ]{1,11})$/, 'must be a number or a sender name'),
  signature_method: z.enum(SIGNATURE_METHODS).optional(),
});
export const vonageCredentials = z.strictObject({
  api_secret: secret,
  signature_secret: secret.optional().describe('Without it receipts of the account are refused'),
});
type Settings = z.infer<typeof vonageSettings>;
type Credentials = z.infer<typeof vonageCredentials>;

/** Vonage's part of the environment: the platform's own account. */
export const vonageVariables = {
  VONAGE_API_KEY: vonageSettings.shape.api_key
    .optional()
    .describe('Vonage account; without credentials Vonage is the sandbox, for test keys'),
  VONAGE_API_SECRET: secretVariable().optional().describe('Its API secret'),
  VONAGE_FROM: vonageSettings.shape.from.optional().describe('Sender: a number or a sender name'),
  VONAGE_BASE_URL: baseUrlVariable()
    .optional()
    .describe("Another base URL than Vonage's own, for the projects' accounts as well"),
};

/** What the receipts of the account are signed with. */
export const vonageReceiptVariables = {
  VONAGE_SIGNATURE_SECRET: secretVariable()
    .optional()
    .describe("Signature secret of the Vonage account; without it the account's receipts are refused"),
  VONAGE_SIGNATURE_METHOD: z
    .enum(SIGNATURE_METHODS)
    .default(USUAL_METHOD)
    .describe('Its signature method: `md5hash`, or the hash of an HMAC'),
};

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
const SANDBOX_ACCOUNT = { api_key: 'sandbox', from: 'Watchword' };

export function toVonageConfig(account: Account<Settings, Credentials>, surroundings: Surroundings): VonageConfig {
  const { sandboxUrl, timeoutMs } = surroundings;
  const isLive = account.mode === 'live';
  const { api_key, from } = isLive ? account.settings : { ...SANDBOX_ACCOUNT, ...account.settings };
  const baseUrl = isLive ? (surroundings.baseUrl ?? VONAGE_URL) : sandboxUrl;
  return {
    mode: account.mode,
    apiKey: api_key,
    apiSecret: isLive ? new Secret(account.credentials.api_secret) : account.sandboxToken,
    from: from.replace(/^\+/, ''),
    baseUrl,
    timeoutMs,
    receiptsUrl: receiptsUrlOf(account, surroundings, baseUrl, 'signature_secret'),
  };
}

/** An account whose receipts are believed, in its own mode. The sandbox signs with its API secret, as a plain MD5. */
export interface VonageReceiptAccount {
  readonly mode: Mode;
  readonly circuit: string;
  readonly signatureSecret: Secret;
  readonly signatureMethod: VonageSignatureMethod;
}

/** Undefined for an account without a signature secret: anyone could have written its receipts. */
export function toVonageReceiptAccount(
  account: SigningAccount<Partial<Settings>, Partial<Credentials>>,
): VonageReceiptAccount | undefined {
  const { mode, circuit } = account;
  if (mode === 'test') {
    return { mode, circuit, signatureSecret: account.sandboxToken, signatureMethod: USUAL_METHOD };
  }
  const { signature_secret } = account.credentials;
  if (signature_secret === undefined) return undefined;
  const { signature_method = USUAL_METHOD } = account.settings;
  return { mode, circuit, signatureSecret: new Secret(signature_secret), signatureMethod: signature_method };
}
