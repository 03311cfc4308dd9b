import type { Mode } from '@watchword/contracts';
import { Secret, secretVariable } from '@watchword/platform';
import { z } from 'zod';
import { baseUrlVariable } from '../credentials.ts';
import type { Account, SigningAccount, Surroundings } from '../provider-kind.ts';
import { receiptsUrlOf } from '../receipts-url.ts';
import { readTemplateLocales, templateLocales, templateName } from '../whatsapp-template.ts';

export const whatsappCloudSettings = z.strictObject({
  phone_number_id: z.string().regex(/^\d{5,20}$/, 'must be the id of a phone number: digits'),
  template: templateName.describe('An approved authentication template with a one-time password button'),
  template_locales: templateLocales,
  api_version: z
    .string()
    .regex(/^v\d{1,3}\.\d$/, 'must be a version such as v25.0')
    .optional(),
});
const secret = z.string().min(1).max(1_024);
export const whatsappCloudCredentials = z.strictObject({
  access_token: secret,
  app_secret: secret.optional().describe('Without it receipts of the account are refused'),
  verify_token: secret.optional().describe('Any text of yours: Meta repeats it when the receipt URL is entered'),
});
type Settings = z.infer<typeof whatsappCloudSettings>;
type Credentials = z.infer<typeof whatsappCloudCredentials>;

const { shape } = whatsappCloudSettings;

/** The WhatsApp Cloud API's part of the environment: the platform's own account. */
export const whatsappCloudVariables = {
  WHATSAPP_CLOUD_PHONE_NUMBER_ID: shape.phone_number_id
    .optional()
    .describe('Phone number id of the WhatsApp Cloud API; without credentials it is the sandbox, for test keys'),
  WHATSAPP_CLOUD_ACCESS_TOKEN: secretVariable().optional().describe('Its access token, of a system user'),
  WHATSAPP_CLOUD_TEMPLATE: shape.template.optional().describe('Name of its approved authentication template'),
  WHATSAPP_CLOUD_TEMPLATE_LOCALES: shape.template_locales,
  WHATSAPP_CLOUD_API_VERSION: shape.api_version.describe('Version of the Graph API; usually v25.0'),
  WHATSAPP_CLOUD_BASE_URL: baseUrlVariable()
    .optional()
    .describe("Another base URL than Meta's own, for the projects' accounts as well"),
};

/** What the receipts of the account are signed with. */
export const whatsappCloudReceiptVariables = {
  WHATSAPP_CLOUD_APP_SECRET: secretVariable()
    .optional()
    .describe("Secret of the Meta app that the account belongs to; without it the account's receipts are refused"),
  WHATSAPP_CLOUD_VERIFY_TOKEN: secretVariable()
    .optional()
    .describe('Any text of yours: Meta repeats it when the receipt URL is entered there'),
};

export interface WhatsAppCloudConfig {
  readonly mode: Mode;
  readonly accessToken: Secret;
  readonly phoneNumberId: string;
  readonly template: string;
  /** The first is for every language that is not among them. */
  readonly templateLocales: readonly string[];
  readonly apiVersion: string;
  readonly baseUrl: string;
  readonly givesReceipts: boolean;
}

const META_URL = 'https://graph.facebook.com';
const USUAL_VERSION = 'v25.0';

/** At the sandbox the phone number is named by the account's reference: so it knows which receipt URL to call. */
export function toWhatsAppCloudConfig(
  account: Account<Settings, Credentials>,
  surroundings: Surroundings,
): WhatsAppCloudConfig {
  const isLive = account.mode === 'live';
  const { template = 'otp', template_locales, api_version = USUAL_VERSION } = account.settings;
  const baseUrl = isLive ? (surroundings.baseUrl ?? META_URL) : surroundings.sandboxUrl;
  return {
    mode: account.mode,
    accessToken: isLive ? new Secret(account.credentials.access_token) : account.sandboxToken,
    phoneNumberId: isLive ? account.settings.phone_number_id : surroundings.reference,
    template,
    templateLocales: readTemplateLocales(template_locales),
    apiVersion: api_version,
    baseUrl,
    givesReceipts: receiptsUrlOf(account, surroundings, baseUrl, 'app_secret') !== undefined,
  };
}

/** An account whose receipts are believed, in its own mode, on its own URL. */
export interface WhatsAppCloudReceiptAccount {
  readonly mode: Mode;
  readonly circuit: string;
  readonly reference: string;
  readonly appSecret: Secret | undefined;
  readonly verifyToken: Secret | undefined;
}

/** An account without an app secret has no receipts, since anyone could have written them; its URL can be verified all the same. */
export function toWhatsAppCloudReceiptAccount(
  account: SigningAccount<Partial<Settings>, Partial<Credentials>>,
): WhatsAppCloudReceiptAccount {
  const { mode, circuit, reference } = account;
  if (mode === 'test') {
    return { mode, circuit, reference, appSecret: account.sandboxToken, verifyToken: account.sandboxToken };
  }
  const { app_secret, verify_token } = account.credentials;
  const secretOf = (text: string | undefined) => (text === undefined ? undefined : new Secret(text));
  return { mode, circuit, reference, appSecret: secretOf(app_secret), verifyToken: secretOf(verify_token) };
}
