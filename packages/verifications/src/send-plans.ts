import {
  ADDRESS_KINDS,
  ADDRESS_OF_CHANNEL,
  type AddressKind,
  CHANNELS,
  type Channel,
  type WorkflowStep,
} from '@watchword/contracts';
import { z } from 'zod';
import { type Addresses, addressOf, kindsOf } from './addresses.ts';

/** How one code goes out: over all channels at once, or over one after another until one of them has done it. */
export type SendPlan =
  | { readonly kind: 'at_once'; readonly channels: readonly Channel[] }
  | { readonly kind: 'in_turn'; readonly steps: readonly WorkflowStep[] };

export const channelsOf = (plan: SendPlan): readonly Channel[] =>
  plan.kind === 'at_once' ? plan.channels : plan.steps.map(({ channel }) => channel);

/** As the scripts read it: `sms+email` at once, `email:30,whatsapp:0` in turn with time-outs in seconds, 0 for none. */
export function encodePlan(plan: SendPlan): string {
  if (plan.kind === 'at_once') return plan.channels.join('+');
  const [first, ...others] = plan.steps;
  // One step has nothing to go on to.
  if (first && others.length === 0) return first.channel;
  return plan.steps.map(({ channel, timeout_s = 0 }) => `${channel}:${timeout_s}`).join(',');
}

/** What `encodePlan` made. */
export function decodePlan(text: string): SendPlan {
  const channel = z.enum(CHANNELS);
  if (!text.includes(':')) return { kind: 'at_once', channels: text.split('+').map((name) => channel.parse(name)) };
  const steps = text.split(',').map((step) => {
    const [name, seconds] = step.split(':');
    return seconds === '0'
      ? { channel: channel.parse(name) }
      : { channel: channel.parse(name), timeout_s: Number(seconds) };
  });
  return { kind: 'in_turn', steps };
}

/** The first of a plan's channels that none of the addresses is for. */
export const channelWithoutAddress = (plan: SendPlan, addresses: Addresses): Channel | undefined =>
  channelsOf(plan).find((channel) => addressOf(addresses, channel) === undefined);

/** The kinds of address beside the primary one that codes over these channels go to. */
export function secondaryKindsOf(channels: readonly Channel[], addresses: Addresses): readonly AddressKind[] {
  const [, ...others] = kindsOf(addresses);
  return others.filter((kind) => channels.some((channel) => ADDRESS_OF_CHANNEL[channel] === kind));
}

/** The kinds of address that these channels need. */
export const kindsFor = (channels: readonly Channel[]): readonly AddressKind[] =>
  channels.map((channel) => ADDRESS_OF_CHANNEL[channel]);

const KIND_LETTERS = { phone: 'p', email: 'e', device_token: 'd' } as const satisfies Record<AddressKind, string>;

/** Kinds of address as the scripts know them, a letter each. */
export const lettersOf = (kinds: readonly AddressKind[]): string => kinds.map((kind) => KIND_LETTERS[kind]).join('');

/** In the order of the kinds, whatever that of the letters. */
export const kindsOfLetters = (letters: string): readonly AddressKind[] =>
  ADDRESS_KINDS.filter((kind) => letters.includes(KIND_LETTERS[kind]));
