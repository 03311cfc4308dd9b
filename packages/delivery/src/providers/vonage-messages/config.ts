import type { KeyObject } from 'node:crypto';
import type { Mode } from '@watchword/contracts';
import { Secret, secretVariable } from '@watchword/platform';
import { z } from 'zod';
import { baseUrlVariable } from '../credentials.ts';
import type { Account, SigningAccount, Surroundings } from '../provider-kind.ts';
import { receiptsUrlOf } from '../receipts-url.ts';
import { readRsaKey, rsaKeyPem } from '../rs256.ts';
import { readTemplateLocales, templateLocales, templateName } from '../whatsapp-template.ts';

export const VONAGE_MESSAGES_CHANNELS = ['sms', 'whatsapp'] as const;

const secret = z.string().min(1).max(256);

export const vonageMessagesSettings = z.strictObject({
  from: z
    .string()
    .regex(/^(\+?[1-9]\d{2,14}|[A-Za-z0-9 ]{1,11})$/, 'must be a number or a sender name')
    .describe('Sender of SMS, and of WhatsApp when it is a number'),
  whatsapp_from: z
    .string()
    .regex(/^\+?[1-9]\d{4,14}$/, 'must be a number')
    .optional()
    .describe('Sender of WhatsApp, when it is another number than `from`'),
  api_key: z
    .string()
    .regex(/^[0-9A-Za-z]{4,32}$/, 'must be 4 to 32 letters and digits')
    .optional()
    .describe('Logs in with `api_secret`'),
  application_id: z.guid().optional().describe('Logs in with `private_key`, instead of `api_key` and `api_secret`'),
  template: templateName
    .optional()
    .describe('An approved authentication template of WhatsApp with a one-time password button; WhatsApp needs it'),
  template_locales: templateLocales,
});
export const vonageMessagesCredentials = z.strictObject({
  api_secret: secret.optional(),
  private_key: rsaKeyPem.optional().describe('Of the application, PEM; line ends may be written `\\n`'),
  signature_secret: secret.optional().describe('Without it receipts of the account are refused'),
});
type Settings = z.infer<typeof vonageMessagesSettings>;
type Credentials = z.infer<typeof vonageMessagesCredentials>;

/** The login is either of two pairs: the schemas let each of the four be left out. */
export function lackingOfVonageMessages(settings: Partial<Settings>, credentials: Partial<Credentials>): string[] {
  const given = { ...settings, ...credentials };
  const byKey = ['api_key', 'api_secret'] as const;
  const byApplication = ['application_id', 'private_key'] as const;
  const begun = [byKey, byApplication].filter((pair) => pair.some((field) => given[field] !== undefined));
  return (begun.length === 0 ? byKey : begun.flat()).filter((field) => given[field] === undefined);
}

const { shape } = vonageMessagesSettings;

/** The Messages API's part of the environment: the platform's own account. */
export const vonageMessagesVariables = {
  VONAGE_MESSAGES_FROM: shape.from
    .optional()
    .describe(
      'Sender at Vonage’s Messages API: a number or a sender name; without credentials it is the sandbox, for test keys',
    ),
  VONAGE_MESSAGES_WHATSAPP_FROM: shape.whatsapp_from,
  VONAGE_MESSAGES_API_KEY: shape.api_key.describe('Its account, to log in by `VONAGE_MESSAGES_API_SECRET`'),
  VONAGE_MESSAGES_API_SECRET: secretVariable().optional().describe('Its API secret'),
  VONAGE_MESSAGES_APPLICATION_ID: shape.application_id.describe(
    'Its application, to log in by `VONAGE_MESSAGES_PRIVATE_KEY` instead',
  ),
  VONAGE_MESSAGES_PRIVATE_KEY: secretVariable()
    .optional()
    .describe('Private key of the application, PEM; line ends may be written `\\n`'),
  VONAGE_MESSAGES_TEMPLATE: shape.template,
  VONAGE_MESSAGES_TEMPLATE_LOCALES: shape.template_locales,
  VONAGE_MESSAGES_BASE_URL: baseUrlVariable()
    .optional()
    .describe("Another base URL than Vonage's own, for the projects' accounts as well"),
};

/** What the receipts of the account are signed with. */
export const vonageMessagesReceiptVariables = {
  VONAGE_MESSAGES_SIGNATURE_SECRET: secretVariable()
    .optional()
    .describe("Signature secret of the account at the Messages API; without it the account's receipts are refused"),
};

/** How it logs in: Basic, or a token that it signs itself. */
export type VonageLogin =
  | { readonly kind: 'secret'; readonly apiKey: string; readonly apiSecret: Secret }
  | { readonly kind: 'application'; readonly applicationId: string; readonly privateKey: KeyObject };

export interface VonageMessagesConfig {
  readonly mode: Mode;
  readonly login: VonageLogin;
  readonly from: string;
  readonly whatsapp: {
    /** Undefined when the account has no number. */
    readonly from: string | undefined;
    readonly template: string | undefined;
    /** The first is for every language that is not among them. */
    readonly templateLocales: readonly string[];
  };
  readonly baseUrl: string;
  /** Where it is asked to send receipts. */
  readonly receiptsUrl?: string | undefined;
}

const VONAGE_URL = 'https://api.nexmo.com';
const SANDBOX_ACCOUNT = { from: 'Watchword', whatsapp_from: '15005550006', template: 'otp' };

export function toVonageMessagesConfig(
  account: Account<Settings, Credentials>,
  surroundings: Surroundings,
): VonageMessagesConfig {
  const isLive = account.mode === 'live';
  const settings: Settings = isLive ? account.settings : { ...SANDBOX_ACCOUNT, ...account.settings };
  const { from, whatsapp_from, template, template_locales } = settings;
  const baseUrl = isLive ? (surroundings.baseUrl ?? VONAGE_URL) : surroundings.sandboxUrl;
  const sender = withoutPlus(whatsapp_from ?? from);
  return {
    mode: account.mode,
    login: loginOf(account),
    from: withoutPlus(from),
    whatsapp: {
      from: /^\d{5,15}$/.test(sender) ? sender : undefined,
      template,
      templateLocales: readTemplateLocales(template_locales),
    },
    baseUrl,
    receiptsUrl: receiptsUrlOf(account, surroundings, baseUrl, 'signature_secret'),
  };
}

const withoutPlus = (number: string) => number.replace(/^\+/, '');

function loginOf(account: Account<Settings, Credentials>): VonageLogin {
  if (account.mode === 'test') {
    return { kind: 'secret', apiKey: account.settings.api_key ?? 'sandbox', apiSecret: account.sandboxToken };
  }
  const { api_key = '', application_id } = account.settings;
  const { api_secret = '', private_key } = account.credentials;
  const privateKey = private_key === undefined ? undefined : readRsaKey(private_key);
  return application_id === undefined || privateKey === undefined
    ? { kind: 'secret', apiKey: api_key, apiSecret: new Secret(api_secret) }
    : { kind: 'application', applicationId: application_id, privateKey };
}

/** An account whose receipts are believed, in its own mode. The sandbox signs with its API secret. */
export interface VonageMessagesReceiptAccount {
  readonly mode: Mode;
  readonly circuit: string;
  readonly signatureSecret: Secret;
}

/** Undefined for an account without a signature secret: anyone could have written its receipts. */
export function toVonageMessagesReceiptAccount(
  account: SigningAccount<Partial<Settings>, Partial<Credentials>>,
): VonageMessagesReceiptAccount | undefined {
  const { mode, circuit } = account;
  if (mode === 'test') return { mode, circuit, signatureSecret: account.sandboxToken };
  const { signature_secret } = account.credentials;
  return signature_secret === undefined ? undefined : { mode, circuit, signatureSecret: new Secret(signature_secret) };
}
