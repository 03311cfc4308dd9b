import { type ConfiguredChannel, PROVIDER_KINDS, type ProviderKind } from '@watchword/contracts';
import type { KindOfProvider } from './provider-kind.ts';
import { twilioVariables } from './twilio/config.ts';
import { twilioKind } from './twilio/twilio-kind.ts';
import { vonageVariables } from './vonage/config.ts';
import { vonageKind } from './vonage/vonage-kind.ts';

const KINDS: Readonly<Record<ProviderKind, KindOfProvider>> = { twilio: twilioKind, vonage: vonageKind };

/** Each kind of provider there is. */
export const kindOf = (kind: ProviderKind): KindOfProvider => KINDS[kind];

export const carries = (kind: ProviderKind, channel: ConfiguredChannel): boolean =>
  KINDS[kind].channels.includes(channel);

export const kindsFor = (channel: ConfiguredChannel): ProviderKind[] =>
  PROVIDER_KINDS.filter((kind) => carries(kind, channel));

/** The kinds' parts of the environment: the platform's own accounts. */
export const providerVariables = { ...twilioVariables, ...vonageVariables };
