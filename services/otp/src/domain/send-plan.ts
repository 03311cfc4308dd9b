import {
  ADDRESS_OF_CHANNEL,
  type AddressKind,
  type Channel,
  type OpenVerification,
  stepInTheWay,
  USUAL_CHANNEL,
} from '@watchword/contracts';
import { AppError } from '@watchword/platform';
import type { Addresses, SendPlan } from '@watchword/verifications';
import { addressOf, kindsOf } from '@watchword/verifications/addresses';
import type { PurposePolicy } from './code-policies.ts';
import { invalidDestination } from './destinations.ts';

type Asked = Pick<OpenVerification, 'to' | 'channel' | 'channels' | 'workflow'>;

/**
 * How a code goes out: as the call asks; else by those steps of its policy's workflow that have an address; else over the usual
 * channel of the address. Throws `invalid_destination` when the call asks for a channel without giving its address.
 */
export function choosePlan(asked: Asked, addresses: Addresses, policy: Pick<PurposePolicy, 'workflow'>): SendPlan {
  const plan = planAsked(asked);
  if (plan !== undefined) {
    requireAddresses(channelsOf(plan), addresses, asked.to);
    return plan;
  }
  const steps = policy.workflow.filter(({ channel }) => addressOf(addresses, channel) !== undefined);
  return steps.length > 0 ? { kind: 'in_turn', steps } : { kind: 'at_once', channels: [usualChannelOf(addresses)] };
}

export const channelsOf = (plan: SendPlan): readonly Channel[] =>
  plan.kind === 'at_once' ? plan.channels : plan.steps.map(({ channel }) => channel);

function planAsked({ channel, channels, workflow }: Asked): SendPlan | undefined {
  if (workflow !== undefined) return { kind: 'in_turn', steps: workflow };
  const atOnce = channels ?? (channel === undefined ? undefined : [channel]);
  return atOnce && { kind: 'at_once', channels: atOnce };
}

/**
 * What is wrong with a call's workflow: a step of it that keeps a later one from ever beginning. A policy's was judged when it was
 * saved.
 */
export function mistakeOf(
  { workflow = [] }: Pick<Asked, 'workflow'>,
  { onUnknown, codeTtlMs }: Pick<PurposePolicy, 'onUnknown' | 'codeTtlMs'>,
): AppError | undefined {
  const found = stepInTheWay(workflow, { on_unknown: onUnknown, code_ttl_seconds: codeTtlMs / 1000 });
  if (found === undefined) return undefined;
  const error = { pointer: `/workflow/${found.step}/timeout_s`, detail: found.detail };
  return new AppError('invalid_request', { detail: `${error.pointer}: ${error.detail}`, errors: [error] });
}

function usualChannelOf(addresses: Addresses): Channel {
  const [kind = 'phone'] = kindsOf(addresses);
  return USUAL_CHANNEL[kind];
}

const ADDRESS_NAMES: Readonly<Record<AddressKind, string>> = {
  phone: 'a phone number',
  email: 'an e-mail address',
  device_token: 'a device token',
};

function requireAddresses(channels: readonly Channel[], addresses: Addresses, to: Asked['to']): void {
  const missing = channels.filter((channel) => addressOf(addresses, channel) === undefined);
  if (missing.length === 0) return;
  const kinds = [...new Set(missing.map((channel) => ADDRESS_OF_CHANNEL[channel]))];
  throw invalidDestination(
    kinds.map((kind) => {
      const needs = `channel ${missing.filter((channel) => ADDRESS_OF_CHANNEL[channel] === kind).join(', ')}`;
      return typeof to === 'string'
        ? {
            pointer: '/to',
            detail: `is not ${ADDRESS_NAMES[kind]}, which ${needs} needs; several go into {"${kind}": …}`,
          }
        : { pointer: `/to/${kind}`, detail: `is missing: ${needs} needs ${ADDRESS_NAMES[kind]}` };
    }),
  );
}

/** A resend over a channel that the verification has no address for. */
export function noAddressFor(channel: Channel) {
  const kind = ADDRESS_OF_CHANNEL[channel];
  return invalidDestination([
    { pointer: '/channel', detail: `needs ${ADDRESS_NAMES[kind]}, and the verification was opened without one` },
  ]);
}
