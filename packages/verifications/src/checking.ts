import { type Addresses, kindsOf } from './addresses.ts';
import type { Core } from './core.ts';
import { createEndedIds } from './ended-ids.ts';
import { createGuessesBeside } from './guesses-beside.ts';
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
import { openAddresses } from './read-state.ts';
import { judgeScript } from './scripts.ts';
import { kindsOfLetters } from './send-plans.ts';
import { digestBinding, idOfPointer, keysOf, locate, shardKeys } from './shards.ts';
import { VERIFICATION_PREFIX } from './verification-id.ts';

/** Judging guesses, and finding what a guess by destination is about. */
export function createChecking(core: Core) {
  const { redis, clock, keys, sealer, find, digest } = core;
  const ended = createEndedIds();
  const { judgeCounted } = createGuessesBeside(core);

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
    const run = (countedFor: string) =>
      judgeScript(redis, keysOf(id, address, call.operation), [
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
        countedFor,
      ]);
    const [reply, ...approved] = await judgeCounted(id, run, streakFreeChecks, call);
    switch (reply.result) {
      case 'late':
        throw tooLate();
      case 'gone':
        return { result: 'expired', status: 'expired', checksRemaining: 0, isForgotten: true };
      case 'undigested':
        // Redis lost the end that this process had seen (a failover): the guess counts like any other.
        ended.delete(id);
        return judge(publicId, guess, binding, streakFreeChecks, call);
      case 'beside':
        throw new Error('A guess that is counted for each address is asked to be counted again');
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
          ...(approved.length === 3 ? { approval: toApproval(id, reply.reached, approved) } : {}),
        };
    }
  }

  function toApproval(
    id: string,
    reached: string | undefined,
    [sealed, purpose, approvedAt]: readonly [Buffer, string, number],
  ): Approval {
    const [destination, ...others] = addressesReached(openAddresses(sealer, sealed, id) ?? {}, reached);
    return {
      id: VERIFICATION_PREFIX + id,
      destination,
      ...(destination === undefined || others.length === 0 ? {} : { sentTo: [destination, ...others] }),
      purpose,
      approvedAt,
    };
  }

  /** The owner's latest verification of an address and purpose: under this binding, else under any. Its id, or null. */
  async function latest(owner: Owner, purpose: string, address: string, binding: Binding | undefined) {
    const { shard, handle } = locate(keys, owner, purpose, address);
    const key = shardKeys(shard).destination(handle);
    const exact = await redis.hget(key, Buffer.concat([Buffer.from('o'), digestBinding(keys, binding)]));
    if (exact !== null) return VERIFICATION_PREFIX + idOfPointer(exact);
    const [, pointer] = Object.entries(await redis.hgetall(key)).find(([field]) => field.startsWith('o')) ?? [];
    return pointer === undefined ? null : VERIFICATION_PREFIX + idOfPointer(pointer);
  }

  return { judge, latest };
}

/** Which of several addresses a code may have reached; one alone it has. */
function addressesReached(addresses: Addresses, reached: string | undefined): readonly string[] {
  const given = kindsOf(addresses);
  const kinds = given.length === 1 ? given : kindsOfLetters(reached ?? '');
  return kinds.map((kind) => addresses[kind]).filter((address) => address !== undefined);
}
