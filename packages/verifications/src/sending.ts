import type { Channel } from '@watchword/contracts';
import { digestBinding, keysOf, locate, shardKeys, shardOf } from './addresses.ts';
import type { CodePolicy, SendPolicy } from './code-policy.ts';
import { generateCode } from './codes.ts';
import type { Core } from './core.ts';
import {
  type CallContext,
  type NotFound,
  type NotPending,
  type OpenInput,
  type Owner,
  type Recipient,
  type SendRefused,
  type Sent,
  tooLate,
} from './outcomes.ts';
import { type OpenedOutcome, openedOutcome, openScript, resendScript } from './scripts.ts';
import { SealKeyMissing, unsealIfHeld } from './seal.ts';
import { deliveryIdOf, VERIFICATION_PREFIX } from './verification-id.ts';

/** Opening a verification and resending: each send has a code of its own. */
export function createSending({ redis, clock, keys, ids, sealer, profiles, find, digest }: Core) {
  async function open(input: OpenInput, policy: CodePolicy, call: CallContext): Promise<Sent | SendRefused> {
    const { shard, handle } = locate(keys, call, input.purpose, input.destination);
    const profile = profiles.current;
    const id = ids.create({ shard, handle, profile });
    const code = generateCode(policy.alphabet, policy.length);
    const context = JSON.stringify(input.context);
    const codeDigest = await digest(code, id, profile, call.deadline);
    if (codeDigest === null) throw new Error('The current pepper is not in its ring');
    const reply = await openScript(redis, keysOf(id, { shard, handle }, call.operation), [
      clock.now(),
      call.deadline,
      id,
      shardKeys(shard).verificationPrefix,
      call.project,
      call.mode,
      input.purpose,
      digestBinding(keys, input.binding),
      sealer.seal(input.destination, id, 'destination'),
      context === '{}' ? '' : sealer.seal(context, id, 'context'),
      policy.checksMax,
      policy.codesValidMax,
      policy.codeTtlMs,
      policy.endedRetentionMs,
      policy.sendsMax,
      policy.sendsWindowMs,
      policy.pacingSeconds.join(','),
      input.channel,
      codeDigest,
      sealer.seal(code, id, 'code'),
      input.country,
      call.operation === '' ? '' : '1',
    ]);
    switch (reply.result) {
      case 'opened':
        return toSent(reply, input.destination);
      case 'exists': {
        const sent = await resend(VERIFICATION_PREFIX + reply.id, input.channel, policy, call);
        // It ended in between, or now, since a key of it was retired: nothing is in the way of a new one any more.
        return sent.result === 'not_pending' || sent.result === 'not_found' ? open(input, policy, call) : sent;
      }
      case 'late':
        throw tooLate();
      default:
        return { result: reply.result, retryMs: reply.retry_ms };
    }
  }

  async function resend(
    publicId: string,
    channel: Channel,
    policy: SendPolicy,
    call: CallContext,
  ): Promise<Sent | SendRefused | NotPending | NotFound> {
    const found = find(publicId);
    if (!found) return { result: 'not_found' };
    const { id, address } = found;
    const code = generateCode(policy.alphabet, policy.length);
    const codeDigest = await digest(code, id, address.profile, call.deadline);
    const [reply, sealedDestination] = await resendScript(redis, keysOf(id, address, call.operation), [
      clock.now(),
      call.deadline,
      id,
      call.project,
      call.mode,
      policy.sendsMax,
      policy.sendsWindowMs,
      policy.pacingSeconds.join(','),
      channel,
      codeDigest ?? '',
      sealer.seal(code, id, 'code'),
      call.operation === '' ? '' : '1',
      codeDigest === null ? '' : sealer.keyIds,
    ]);
    switch (reply.result) {
      case 'opened':
        return toSent(reply, unsealIfHeld(sealer, sealedDestination, id, 'destination'));
      case 'late':
        throw tooLate();
      case 'not_found':
      case 'not_pending':
        return reply;
      default:
        return { result: reply.result, retryMs: reply.retry_ms };
    }
  }

  /** For whom a verification is, and whether another code may still be sent for it. Null for what there is not. */
  async function recipientOf(publicId: string, { project, mode }: Owner): Promise<Recipient | null> {
    const found = find(publicId);
    if (!found) return null;
    const key = shardKeys(found.address.shard).verification(found.id);
    const [owner, ownMode, purpose, status, sealed] = await redis.hmgetBuffer(key, 'p', 'm', 'u', 's', 't');
    if (owner?.toString() !== project || ownMode?.toString() !== mode) return null;
    const isPending = status?.toString() === 'pending';
    return { purpose: purpose?.toString() ?? '', ...destinationOf(found.id, sealed ?? null, isPending) };
  }

  function destinationOf(id: string, sealed: Buffer | null, isPending: boolean): Omit<Recipient, 'purpose'> {
    if (sealed === null) return { destination: undefined, isOpen: false };
    try {
      return { destination: sealer.unseal(sealed, id, 'destination'), isOpen: isPending };
    } catch (error) {
      if (!(error instanceof SealKeyMissing)) throw error;
      // What was sealed under a retired key is lost: resending ends it.
      return { destination: undefined, isOpen: isPending && error.toCome };
    }
  }

  /** What this operation answered when it sent, if it is a repeat that sent before; null otherwise. */
  async function sentBefore(destination: string, call: CallContext): Promise<Sent | null> {
    if (call.operation === '') return null;
    const text = await redis.get(shardKeys(shardOf(keys, destination)).operation(call.operation));
    return text === null ? null : toSent(openedOutcome.parse(JSON.parse(text)), destination);
  }

  return { open, resend, recipientOf, sentBefore };
}

function toSent(outcome: OpenedOutcome, destination: string | undefined): Sent {
  return {
    result: 'sent',
    id: VERIFICATION_PREFIX + outcome.id,
    deliveryId: deliveryIdOf({ id: outcome.id, ordinal: outcome.delivery }),
    destination,
    expiresAt: outcome.expires_at,
    resendAt: outcome.resend_at,
    sendsRemaining: outcome.sends_remaining,
    checksRemaining: outcome.checks_remaining,
  };
}
