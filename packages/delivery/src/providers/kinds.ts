import { type Channel, PROVIDER_KINDS, type ProviderKind } from '@watchword/contracts';
import { sendRateVariables } from '../rate/config.ts';
import { baileysKind } from './baileys/baileys-kind.ts';
import { fcmVariables } from './fcm/config.ts';
import { fcmKind } from './fcm/fcm-kind.ts';
import type { KindOfProvider } from './provider-kind.ts';
import { smtpVariables } from './smtp/config.ts';
import { smtpKind } from './smtp/smtp-kind.ts';
import { twilioVariables } from './twilio/config.ts';
import { twilioKind } from './twilio/twilio-kind.ts';
import { vonageVariables } from './vonage/config.ts';
import { vonageKind } from './vonage/vonage-kind.ts';
import { vonageMessagesVariables } from './vonage-messages/config.ts';
import { vonageMessagesKind } from './vonage-messages/vonage-messages-kind.ts';
import { watiVariables } from './wati/config.ts';
import { watiMeaningOf } from './wati/error-table.ts';
import { watiKind } from './wati/wati-kind.ts';
import { whatsappCloudVariables } from './whatsapp-cloud/config.ts';
import { whatsappCloudKind } from './whatsapp-cloud/whatsapp-cloud-kind.ts';

const KINDS: Readonly<Record<ProviderKind, KindOfProvider>> = {
  twilio: twilioKind,
  vonage: vonageKind,
  vonage_messages: vonageMessagesKind,
  whatsapp_cloud: whatsappCloudKind,
  wati: watiKind,
  smtp: smtpKind,
  fcm: fcmKind,
  baileys: baileysKind,
};

/** Each kind of provider there is. */
export const kindOf = (kind: ProviderKind): KindOfProvider => KINDS[kind];

export const carries = (kind: ProviderKind, channel: Channel): boolean => KINDS[kind].channels.includes(channel);

export const kindsFor = (channel: Channel): ProviderKind[] => PROVIDER_KINDS.filter((kind) => carries(kind, channel));

/** Whose receipts repeat nothing of ours, so that each message must be bound to its attempt (`createMessageMap`). */
const BOUND: ReadonlySet<ProviderKind> = new Set(['wati']);
export const needsMessageMap = (kind: ProviderKind): boolean => BOUND.has(kind);

/** What a code says, where a provider has none of its own that could be looked up. */
export const meaningOf = (kind: string, code: string): string | undefined =>
  kind === 'wati' ? watiMeaningOf(code) : undefined;

/** The kinds' parts of the environment: the platform's own accounts. */
export const providerVariables = {
  ...twilioVariables,
  ...vonageVariables,
  ...vonageMessagesVariables,
  ...sendRateVariables,
  ...whatsappCloudVariables,
  ...watiVariables,
  ...smtpVariables,
  ...fcmVariables,
};
