import { type Channel, PROVIDER_KINDS, type ProviderKind } from '@watchword/contracts';

/** WhatsApp Web's handshake checks a pinned key of its own, so that no simulator can finish it. */
export type Provider = Exclude<ProviderKind, 'baileys'>;

/** The providers whose wire the sandbox speaks. */
export const PROVIDERS = PROVIDER_KINDS.filter((kind): kind is Provider => kind !== 'baileys');

export function isProvider(name: string): name is Provider {
  return (PROVIDERS as readonly string[]).includes(name);
}

/** A provider's own error code: most have numbers, FCM has words. */
export type ProviderCode = number | string;

interface ProviderTraits {
  /** What it carries. */
  readonly channels: readonly Channel[];
  /** Whether it tells later what became of a message. */
  readonly givesReceipts: boolean;
  /** Its own error codes, which may stand in for the usual one of a fault. */
  readonly codes: { readonly pattern: RegExp; readonly meaning: string };
}

const NUMBERS = { pattern: /^\d{1,6}$/, meaning: 'a number from 0 to 999999' };
/** Of an HTTP answer or an SMTP reply. */
const STATUSES = { pattern: /^[45]\d\d$/, meaning: 'a status from 400 to 599' };
const WORDS = { pattern: /^[A-Z][A-Z_]{2,39}$/, meaning: 'an error code of FCM such as UNREGISTERED' };

export const PROVIDER_TRAITS: Readonly<Record<Provider, ProviderTraits>> = {
  twilio: { channels: ['sms', 'voice'], givesReceipts: true, codes: NUMBERS },
  vonage: { channels: ['sms'], givesReceipts: true, codes: NUMBERS },
  vonage_messages: { channels: ['whatsapp', 'sms'], givesReceipts: true, codes: NUMBERS },
  whatsapp_cloud: { channels: ['whatsapp'], givesReceipts: true, codes: NUMBERS },
  wati: { channels: ['whatsapp'], givesReceipts: true, codes: STATUSES },
  smtp: { channels: ['email'], givesReceipts: false, codes: STATUSES },
  fcm: { channels: ['push'], givesReceipts: false, codes: WORDS },
};
