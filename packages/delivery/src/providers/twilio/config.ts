import type { Mode } from '@watchword/contracts';
import { Secret, secretVariable } from '@watchword/platform';
import { z } from 'zod';
import { baseUrlVariable } from '../credentials.ts';
import type { Account, SigningAccount, Surroundings } from '../provider-kind.ts';
import { receiptsUrlOf } from '../receipts-url.ts';

export const TWILIO_CHANNELS = ['sms', 'voice'] as const;

const secret = z.string().min(1).max(256);
const NUMBER = /^\+[1-9]\d{4,14}$/;

export const twilioSettings = z.strictObject({
  account_sid: z.string().regex(/^AC[0-9a-fA-F]{32}$/, 'must be AC and 32 hex digits'),
  from: z
    .string()
    .regex(
      /^(\+[1-9]\d{4,14}|\d{3,8}|MG[0-9a-fA-F]{32}|[A-Za-z0-9 ]{1,11})$/,
      'must be a number, a sender name or MG…',
    ),
  voice_from: z.string().regex(NUMBER, 'must be a phone number with its +').optional(),
  ring_seconds: z
    .string()
    .regex(/^([5-9]|[1-9]\d|[1-5]\d\d|600)$/, 'must be 5 to 600')
    .optional(),
  api_key_sid: z
    .string()
    .regex(/^SK[0-9a-fA-F]{32}$/, 'must be SK and 32 hex digits')
    .optional(),
  message_intent: z.enum(['otp']).optional(),
  risk_check: z.enum(['enable', 'disable']).optional(),
  content_retention: z.enum(['retain', 'discard']).optional(),
  address_retention: z.enum(['retain', 'obfuscate']).optional(),
});
export const twilioCredentials = z.strictObject({
  auth_token: secret.optional().describe('Signs receipts; without it the account sends by its API key, and gives none'),
  api_key_secret: secret.optional().describe('Of `api_key_sid`: what is sent goes by it instead of the auth token'),
});
type Settings = z.infer<typeof twilioSettings>;
type Credentials = z.infer<typeof twilioCredentials>;

/** The login is either of two: the schemas let each of them be left out. */
export function lackingOfTwilio(settings: Partial<Settings>, credentials: Partial<Credentials>): string[] {
  const { api_key_sid } = settings;
  const { auth_token, api_key_secret } = credentials;
  if (api_key_sid !== undefined && api_key_secret === undefined) return ['api_key_secret'];
  if (api_key_sid === undefined && api_key_secret !== undefined) return ['api_key_sid'];
  return auth_token === undefined && api_key_sid === undefined ? ['auth_token'] : [];
}

/** Twilio's part of the environment: the platform's own account. */
export const twilioVariables = {
  TWILIO_ACCOUNT_SID: twilioSettings.shape.account_sid
    .optional()
    .describe('Twilio account; without credentials Twilio is the sandbox, for test keys'),
  TWILIO_AUTH_TOKEN: secretVariable().optional().describe('Its auth token; receipts are signed with it'),
  TWILIO_API_KEY_SID: twilioSettings.shape.api_key_sid.describe(
    'API key (`SK…`) to send by, instead of the auth token',
  ),
  TWILIO_API_KEY_SECRET: secretVariable().optional().describe('Secret of `TWILIO_API_KEY_SID`'),
  TWILIO_FROM: twilioSettings.shape.from
    .optional()
    .describe('Sender: a number, a sender name or a messaging service (`MG…`)'),
  TWILIO_VOICE_FROM: twilioSettings.shape.voice_from.describe(
    'Number that calls come from; without it `TWILIO_FROM`, if that is a phone number',
  ),
  TWILIO_RING_SECONDS: twilioSettings.shape.ring_seconds.describe('How long a call rings, 5–600; 60 without it'),
  TWILIO_MESSAGE_INTENT: twilioSettings.shape.message_intent.describe('`otp` tells Twilio what its messages are for'),
  TWILIO_RISK_CHECK: twilioSettings.shape.risk_check.describe(
    'SMS-pumping protection of its messages: `enable` or `disable`; without it as the account is set',
  ),
  TWILIO_CONTENT_RETENTION: twilioSettings.shape.content_retention.describe(
    '`discard` keeps message texts out of Twilio’s logs',
  ),
  TWILIO_ADDRESS_RETENTION: twilioSettings.shape.address_retention.describe(
    '`obfuscate` keeps whole numbers out of Twilio’s logs',
  ),
  TWILIO_BASE_URL: baseUrlVariable()
    .optional()
    .describe("Another base URL than Twilio's own, for the projects' accounts as well"),
};

export interface TwilioConfig {
  readonly mode: Mode;
  readonly accountSid: string;
  /** The account and its token, or an API key. */
  readonly login: { readonly user: string; readonly password: Secret };
  /** A number, a sender name, or a messaging service's `MG…`. */
  readonly from: string;
  /** What calls show; undefined when the account has no number. */
  readonly voiceFrom?: string | undefined;
  readonly ringSeconds?: number | undefined;
  /** As the SDK names them. */
  readonly smsOptions?: SmsOptions;
  readonly baseUrl: string;
  /** Where it is asked to send receipts. */
  readonly receiptsUrl?: string | undefined;
}

interface SmsOptions {
  readonly messageIntent?: string;
  readonly riskCheck?: NonNullable<Settings['risk_check']>;
  readonly contentRetention?: NonNullable<Settings['content_retention']>;
  readonly addressRetention?: NonNullable<Settings['address_retention']>;
}

const TWILIO_URL = 'https://api.twilio.com';
const SANDBOX_ACCOUNT = { account_sid: `AC${'0'.repeat(32)}`, from: '+15005550006' };

export function toTwilioConfig(account: Account<Settings, Credentials>, surroundings: Surroundings): TwilioConfig {
  const isLive = account.mode === 'live';
  const settings: Settings = isLive ? account.settings : { ...SANDBOX_ACCOUNT, ...account.settings };
  const { account_sid, from, voice_from, ring_seconds } = settings;
  const baseUrl = isLive ? (surroundings.baseUrl ?? TWILIO_URL) : surroundings.sandboxUrl;
  return {
    mode: account.mode,
    accountSid: account_sid,
    login: loginOf(account, settings),
    from,
    voiceFrom: voice_from ?? (NUMBER.test(from) ? from : undefined),
    ringSeconds: ring_seconds === undefined ? undefined : Number(ring_seconds),
    smsOptions: smsOptionsOf(settings),
    baseUrl,
    receiptsUrl: receiptsUrlOf(account, surroundings, baseUrl, 'auth_token'),
  };
}

function loginOf(account: Account<Settings, Credentials>, { account_sid, api_key_sid }: Settings) {
  if (account.mode === 'test') return { user: account_sid, password: account.sandboxToken };
  const { auth_token = '', api_key_secret } = account.credentials;
  return api_key_sid === undefined || api_key_secret === undefined
    ? { user: account_sid, password: new Secret(auth_token) }
    : { user: api_key_sid, password: new Secret(api_key_secret) };
}

function smsOptionsOf({ message_intent, risk_check, content_retention, address_retention }: Settings): SmsOptions {
  return {
    ...(message_intent && { messageIntent: message_intent }),
    ...(risk_check && { riskCheck: risk_check }),
    ...(content_retention && { contentRetention: content_retention }),
    ...(address_retention && { addressRetention: address_retention }),
  };
}

/** An account whose receipts are believed, in its own mode: its auth token signs them. */
export interface TwilioReceiptAccount {
  readonly mode: Mode;
  readonly circuit: string;
  readonly authToken: Secret;
}

export function toTwilioReceiptAccount(
  account: SigningAccount<Partial<Settings>, Partial<Credentials>>,
): TwilioReceiptAccount | undefined {
  const { mode, circuit } = account;
  if (mode === 'test') return { mode, circuit, authToken: account.sandboxToken };
  const { auth_token } = account.credentials;
  return auth_token === undefined ? undefined : { mode, circuit, authToken: new Secret(auth_token) };
}
