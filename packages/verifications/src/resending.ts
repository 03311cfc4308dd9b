import type { Channel } from '@watchword/contracts';
import type { Addresses } from './addresses.ts';
import type { SendPolicy } from './code-policy.ts';
import { generateCode } from './codes.ts';
import type { Core } from './core.ts';
import {
  type CallContext,
  type NoAddress,
  type NotFound,
  type NotPending,
  type SendRefused,
  type Sent,
  tooLate,
} from './outcomes.ts';
import { keyToCome, openAddresses } from './read-state.ts';
import type { ReserveBeside } from './reserving.ts';
import { type OpenedOutcome, resendScript } from './scripts.ts';
import {
  channelsOf,
  decodePlan,
  encodePlan,
  kindsFor,
  lettersOf,
  type SendPlan,
  secondaryKindsOf,
} from './send-plans.ts';
import { keysOf } from './shards.ts';
import { deliveryIdOf, VERIFICATION_PREFIX } from './verification-id.ts';

type ResendReply = Awaited<ReturnType<typeof resendScript>>;
type SentAgain = Sent | SendRefused | NotPending | NotFound | NoAddress;

/** Another code for an open verification. */
export function createResending(core: Core, reserveBeside: ReserveBeside) {
  const { redis, clock, sealer, find, digest } = core;

  /** Over one channel, or as it was opened. It takes the place of a workflow that runs. */
  async function resend(
    publicId: string,
    channel: Channel | undefined,
    policy: SendPolicy,
    call: CallContext,
  ): Promise<SentAgain> {
    const plan: SendPlan | undefined = channel && { kind: 'at_once', channels: [channel] };
    return sendAgain(publicId, plan, policy, call);
  }

  async function sendAgain(
    publicId: string,
    plan: SendPlan | undefined,
    policy: SendPolicy,
    call: CallContext,
  ): Promise<SentAgain> {
    const found = find(publicId);
    if (!found) return { result: 'not_found' };
    const { id, address } = found;
    const code = generateCode(policy.alphabet, policy.length);
    const codeDigest = await digest(code, id, address.profile, call.deadline);
    const run = (isReserved: boolean) =>
      resendScript(redis, keysOf(id, address, call.operation), [
        clock.now(),
        call.deadline,
        id,
        call.project,
        call.mode,
        policy.sendsMax,
        policy.sendsWindowMs,
        policy.pacingSeconds.join(','),
        plan === undefined ? '' : encodePlan(plan),
        codeDigest ?? '',
        sealer.seal(code, id, 'code'),
        call.operation === '' ? '' : '1',
        codeDigest === null ? '' : sealer.keyIds,
        plan === undefined ? '' : lettersOf(kindsFor(channelsOf(plan))),
        isReserved ? '1' : '',
      ]);
    const first = await run(false);
    const reserved = await reserveFor(id, first, policy, call);
    if (reserved?.result === 'resend_too_soon' || reserved?.result === 'max_sends') return reserved;
    const [reply, sealed] = reserved === null ? first : await run(true);
    switch (reply.result) {
      case 'opened':
        return toSent(reply, openAddresses(sealer, sealed, id));
      case 'late':
        throw tooLate();
      case 'not_found':
      case 'not_pending':
        return reply;
      case 'no_address':
        return { result: 'no_address', channel: channelsOf(plan as SendPlan)[0] as Channel };
      case 'reserve':
        throw new Error('A send that was reserved for asks for it again');
      default:
        return { result: reply.result, retryMs: reply.retry_ms };
    }
  }

  /** Null when the send does not wait for addresses beside the primary one. */
  async function reserveFor(
    id: string,
    [reply, sealed, bindingDigest]: ResendReply,
    policy: SendPolicy,
    call: CallContext,
  ) {
    if (reply.result !== 'reserve') return null;
    const addresses = openAddresses(sealer, sealed, id);
    if (addresses === undefined) throw keyToCome();
    const kinds = secondaryKindsOf(channelsOf(decodePlan(reply.plan)), addresses);
    const lives = { ttlMs: reply.ttl_ms, retentionMs: reply.retention_ms };
    const { purpose } = reply;
    return reserveBeside({ id, addresses, kinds, purpose, bindingDigest, policy, ...lives }, call);
  }

  return { resend, sendAgain };
}

export function toSent(outcome: OpenedOutcome, addresses: Addresses | undefined): Sent {
  const { id, delivery, channels } = outcome;
  return {
    result: 'sent',
    id: VERIFICATION_PREFIX + id,
    deliveries: channels.map((channel, index) => ({ id: deliveryIdOf({ id, ordinal: delivery + index }), channel })),
    addresses,
    expiresAt: outcome.expires_at,
    resendAt: outcome.resend_at,
    sendsRemaining: outcome.sends_remaining,
    checksRemaining: outcome.checks_remaining,
  };
}
