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

type Reserve = Extract<Awaited<ReturnType<typeof resendScript>>[0], { result: 'reserve' }>;
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
    const run = (planText: string, isReserved: boolean) =>
      resendScript(redis, keysOf(id, address, call.operation), [
        clock.now(),
        call.deadline,
        id,
        call.project,
        call.mode,
        policy.sendsMax,
        policy.sendsWindowMs,
        policy.pacingSeconds.join(','),
        planText,
        codeDigest ?? '',
        sealer.seal(code, id, 'code'),
        call.operation === '' ? '' : '1',
        codeDigest === null ? '' : sealer.keyIds,
        plan === undefined ? '' : lettersOf(kindsFor(channelsOf(plan))),
        isReserved ? '1' : '',
      ]);
    let answer = await run(plan === undefined ? '' : encodePlan(plan), false);
    const [first, ...held] = answer;
    if (first.result === 'reserve') {
      const reserved = await reserveFor(id, first, held, policy, call);
      if (reserved.result !== 'reserved') return reserved;
      // Over the channels that were reserved for: another call may have given the verification another plan meanwhile.
      answer = await run(first.plan, true);
    }
    const [reply, sealed] = answer;
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

  async function reserveFor(
    id: string,
    { plan, purpose, ttl_ms: ttlMs, retention_ms: retentionMs }: Reserve,
    [sealed, bindingDigest]: readonly [Buffer, Buffer],
    policy: SendPolicy,
    call: CallContext,
  ) {
    const addresses = openAddresses(sealer, sealed, id);
    if (addresses === undefined) throw keyToCome();
    const kinds = secondaryKindsOf(channelsOf(decodePlan(plan)), addresses);
    return reserveBeside({ id, addresses, kinds, purpose, bindingDigest, policy, ttlMs, retentionMs }, call);
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
