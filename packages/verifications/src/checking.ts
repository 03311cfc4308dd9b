import { digestBinding, keysOf, locate, shardKeys } from './addresses.ts';
import type { Core } from './core.ts';
import { createEndedIds } from './ended-ids.ts';
import {
  type Approval,
  type Binding,
  type CallContext,
  type ChecksLocked,
  type Judged,
  type NotFound,
  type Owner,
  tooLate,
} from './outcomes.ts';
import { judgeScript } from './scripts.ts';
import { unsealIfHeld } from './seal.ts';
import { VERIFICATION_PREFIX } from './verification-id.ts';

/** Judging guesses, and finding what a guess by destination is about. */
export function createChecking({ redis, clock, keys, sealer, find, digest }: Core) {
  const ended = createEndedIds();

  /**
   * Counts and compares one guess in one step. An id whose verification is forgotten answers `expired`, and so does one
   * whose pepper has been retired, which ends it.
   */
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
    const [reply, ...approved] = await judgeScript(redis, keysOf(id, address, call.operation), [
      clock.now(),
      call.deadline,
      id,
      call.project,
      call.mode,
      candidate ?? '',
      digestBinding(keys, binding),
      streakFreeChecks,
      call.operation === '' ? '' : '1',
      candidate === null ? '1' : '',
    ]);
    switch (reply.result) {
      case 'late':
        throw tooLate();
      case 'gone':
        return { result: 'expired', status: 'expired', checksRemaining: 0, isForgotten: true };
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
        return {
          result: reply.result,
          status: reply.status,
          checksRemaining: reply.checks_remaining,
          ...(approved.length === 0 ? {} : { approval: toApproval(id, approved) }),
        };
    }
  }

  function toApproval(id: string, [sealed, purpose, approvedAt]: readonly [Buffer, string, number]): Approval {
    return {
      id: VERIFICATION_PREFIX + id,
      destination: unsealIfHeld(sealer, sealed, id, 'destination'),
      purpose,
      approvedAt,
    };
  }

  /** The owner's latest verification of a destination and purpose: under this binding, else under any. Its id, or null. */
  async function latest(owner: Owner, purpose: string, destination: string, binding: Binding | undefined) {
    const { shard, handle } = locate(keys, owner, purpose, destination);
    const key = shardKeys(shard).destination(handle);
    const exact = await redis.hget(key, Buffer.concat([Buffer.from('o'), digestBinding(keys, binding)]));
    if (exact !== null) return VERIFICATION_PREFIX + exact;
    const [, id] = Object.entries(await redis.hgetall(key)).find(([field]) => field.startsWith('o')) ?? [];
    return id === undefined ? null : VERIFICATION_PREFIX + id;
  }

  return { judge, latest };
}
