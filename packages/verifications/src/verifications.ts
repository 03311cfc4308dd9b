import type { Channel, CheckResult, Mode, VerificationEvent, VerificationStatus } from '@watchword/contracts';
import { AppError, type Clock, type RedisConnection, type Secret } from '@watchword/platform';
import { digestBinding, keysOf, locate, shardKeys } from './addresses.ts';
import type { CodeDigests } from './code-digest.ts';
import type { CodePolicy, CommonPolicy } from './code-policy.ts';
import { generateCode, normalizeCode } from './codes.ts';
import type { DigestProfiles } from './digest-profiles.ts';
import { createEndedIds } from './ended-ids.ts';
import { deriveAddressKeys } from './keys.ts';
import { readState, type VerificationState } from './read-state.ts';
import { cancelScript, judgeScript, type OpenedOutcome, openScript, resendScript } from './scripts.ts';
import { createSealer } from './seal.ts';
import { readTimeline } from './timeline.ts';
import {
  createVerificationIds,
  deliveryIdOf,
  stripVerificationPrefix,
  VERIFICATION_PREFIX,
} from './verification-id.ts';

/** Who asks, and until when an answer is of use (on Redis' clock, ms). */
export interface CallContext {
  readonly project: string;
  readonly mode: Mode;
  /** Stands for an `Idempotency-Key`; empty without one. */
  readonly operation: string;
  readonly deadline: number;
}

export type Binding = Readonly<Record<string, string>>;

/** Kept sealed with the verification. */
export interface VerificationContext {
  readonly locale?: string | undefined;
  readonly client?: Readonly<Record<string, string | undefined>> | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

export interface OpenInput {
  /** E.164. */
  readonly destination: string;
  readonly purpose: string;
  readonly channel: Channel;
  readonly country: string;
  readonly binding: Binding | undefined;
  readonly context: VerificationContext;
}

/** A code is on its way: the delivery's job is still to be enqueued, or the due set will do it. */
export interface Sent {
  readonly result: 'sent';
  readonly id: string;
  readonly deliveryId: string;
  readonly destination: string;
  readonly expiresAt: number;
  readonly resendAt: number;
  readonly sendsRemaining: number;
  readonly checksRemaining: number;
}

export type SendRefused = { readonly result: 'resend_too_soon' | 'max_sends'; readonly retryMs: number };
export type NotPending = { readonly result: 'not_pending'; readonly status: VerificationStatus };
export type NotFound = { readonly result: 'not_found' };

export interface Judged {
  readonly result: CheckResult;
  readonly status: VerificationStatus;
  readonly checksRemaining: number;
}
export type ChecksLocked = { readonly result: 'checks_locked'; readonly retryMs: number };

export interface VerificationView extends VerificationState {
  readonly id: string;
}

export interface VerificationsOptions {
  readonly redis: RedisConnection;
  readonly clock: Clock;
  readonly idKey: Secret<Buffer>;
  readonly sealKey: Secret<Buffer>;
  readonly digests: CodeDigests;
  readonly profiles: DigestProfiles;
}

/**
 * The state machine of a verification: `pending → approved | expired | exhausted | canceled`. Each transition is one Lua
 * script that also appends its event. Ids are public (`ver_…`); an id that proves itself false is `not_found` at once.
 */
export function createVerifications({ redis, clock, idKey, sealKey, digests, profiles }: VerificationsOptions) {
  const keys = deriveAddressKeys(idKey);
  const ids = createVerificationIds(keys.id);
  const sealer = createSealer(sealKey);
  const ended = createEndedIds();

  function find(publicId: string) {
    const id = stripVerificationPrefix(publicId);
    const address = id === null ? null : ids.open(id);
    return id === null || address === null ? null : { id, address };
  }

  async function digest(code: string, id: string, profileNumber: number, deadline: number, isMoot?: () => boolean) {
    const profile = await profiles.get(profileNumber);
    if (!profile) throw new Error(`Digest profile ${profileNumber} is not registered`);
    return digests.digest(normalizeCode(code), id, profile, deadline, isMoot);
  }

  async function open(input: OpenInput, policy: CodePolicy, call: CallContext): Promise<Sent | SendRefused> {
    const { shard, handle } = locate(keys, call.project, input.purpose, input.destination);
    const profile = profiles.current;
    const id = ids.create({ shard, handle, profile });
    const code = generateCode(policy.alphabet, policy.length);
    const context = JSON.stringify(input.context);
    const codeDigest = await digest(code, id, profile, call.deadline);
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
        // It ended in between: nothing is in the way of a new one any more.
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
    policy: CommonPolicy,
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
      policy.sendsMax,
      policy.sendsWindowMs,
      policy.pacingSeconds.join(','),
      channel,
      codeDigest,
      sealer.seal(code, id, 'code'),
      call.operation === '' ? '' : '1',
    ]);
    switch (reply.result) {
      case 'opened':
        return toSent(reply, sealer.unseal(sealedDestination, id, 'destination'));
      case 'late':
        throw tooLate();
      case 'not_found':
      case 'not_pending':
        return reply;
      default:
        return { result: reply.result, retryMs: reply.retry_ms };
    }
  }

  /** Counts and compares one guess in one step. An id whose verification is forgotten answers `expired`. */
  async function judge(
    publicId: string,
    guess: string,
    binding: Binding | undefined,
    streakFreeChecks: number,
    call: CallContext,
  ): Promise<Judged | ChecksLocked | NotFound> {
    const found = find(publicId);
    if (!found) return { result: 'not_found' };
    const { id, address } = found;
    const candidate = await digest(guess, id, address.profile, call.deadline, () => ended.has(id));
    const reply = await judgeScript(redis, keysOf(id, address, call.operation), [
      clock.now(),
      call.deadline,
      id,
      call.project,
      candidate,
      digestBinding(keys, binding),
      streakFreeChecks,
      call.operation === '' ? '' : '1',
    ]);
    switch (reply.result) {
      case 'late':
        throw tooLate();
      case 'gone':
        return { result: 'expired', status: 'expired', checksRemaining: 0 };
      case 'undigested':
        // Redis lost the end that this process had seen (a failover): the guess counts like any other.
        ended.delete(id);
        return judge(publicId, guess, binding, streakFreeChecks, call);
      case 'not_found':
        return { result: 'not_found' };
      case 'checks_locked':
        return { result: reply.result, retryMs: reply.retry_ms };
      default:
        if (reply.status !== 'pending') ended.add(id);
        return { result: reply.result, status: reply.status, checksRemaining: reply.checks_remaining };
    }
  }

  /** The latest verification of a destination and purpose: under this binding, else under any. Its id, or null. */
  async function latest(project: string, purpose: string, destination: string, binding: Binding | undefined) {
    const { shard, handle } = locate(keys, project, purpose, destination);
    const key = shardKeys(shard).destination(handle);
    const exact = await redis.hget(key, Buffer.concat([Buffer.from('o'), digestBinding(keys, binding)]));
    if (exact !== null) return VERIFICATION_PREFIX + exact;
    const [, id] = Object.entries(await redis.hgetall(key)).find(([field]) => field.startsWith('o')) ?? [];
    return id === undefined ? null : VERIFICATION_PREFIX + id;
  }

  async function cancel(publicId: string, call: CallContext): Promise<{ result: 'canceled' } | NotPending | NotFound> {
    const found = find(publicId);
    if (!found) return { result: 'not_found' };
    const { id, address } = found;
    const { destination: _, ...scriptKeys } = keysOf(id, address, call.operation);
    const marker = call.operation === '' ? '' : '1';
    const reply = await cancelScript(redis, scriptKeys, [clock.now(), call.deadline, id, call.project, marker]);
    if (reply.result === 'late') throw tooLate();
    return reply;
  }

  async function read(publicId: string, project: string): Promise<VerificationView | null> {
    const found = find(publicId);
    const state = found ? await readState(redis, sealer, clock.now(), found.id, found.address) : null;
    return state?.project === project ? { ...state, id: publicId } : null;
  }

  async function timeline(publicId: string, project: string): Promise<VerificationEvent[] | null> {
    const found = find(publicId);
    return found ? readTimeline(redis, project, found.id, found.address) : null;
  }

  return { open, resend, judge, latest, cancel, read, timeline };
}

export type Verifications = ReturnType<typeof createVerifications>;

function toSent(outcome: OpenedOutcome, destination: string): Sent {
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

function tooLate(): AppError {
  return new AppError('unavailable', { detail: 'The call reached Redis too late and was not carried out.' });
}
