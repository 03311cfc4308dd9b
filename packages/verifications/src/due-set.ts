import type { Channel } from '@watchword/contracts';
import type { Clock, RedisConnection } from '@watchword/platform';
import { drainDueScript } from './scripts.ts';
import { SHARDS, shardKeys } from './shards.ts';
import { deliveryIdOf } from './verification-id.ts';

/** What draining one entry led to. */
export type DueAction =
  | {
      readonly action: 'enqueue';
      readonly deliveryId: string;
      readonly channel: Channel;
      readonly attempts: number;
      readonly lateMs: number;
    }
  | { readonly action: 'expired' | 'ended' | 'later'; readonly lateMs: number };

/** A round is one pipeline on a connection that requests share: many small rounds keep them fast. */
const ENTRIES_PER_SHARD = 20;
const LOOK_WAIT_MAX_MS = 30_000;

/**
 * The one clock of the platform: what must happen at a time stands in its shard's sorted set. Any number of processes may
 * drain it; each entry is acted on by one script, and doing it twice is nothing.
 */
export function createDueSet(redis: RedisConnection, clock: Clock) {
  async function drainEntry(shard: number, entry: string, score: number): Promise<DueAction> {
    const [kind = '', id = '', ordinal = ''] = entry.split(':');
    const keys = shardKeys(shard);
    const now = clock.now();
    const reply = await drainDueScript(
      redis,
      { verification: keys.verification(id), events: keys.events, due: keys.due },
      [now, id, kind, ordinal, LOOK_WAIT_MAX_MS],
    );
    const lateMs = now - score;
    if (reply[0] !== 'enqueue') return { action: reply[0], lateMs };
    const [action, attempts, delivery, channel] = reply;
    return { action, deliveryId: deliveryIdOf({ id, ordinal: delivery }), channel, attempts, lateMs };
  }

  async function drainShard(shard: number, act: (due: DueAction) => Promise<void>): Promise<void> {
    const key = shardKeys(shard).due;
    const due = await redis.zrangebyscore(key, '-inf', clock.now(), 'WITHSCORES', 'LIMIT', 0, ENTRIES_PER_SHARD);
    const drained: Promise<void>[] = [];
    for (let index = 0; index + 1 < due.length; index += 2) {
      drained.push(drainEntry(shard, due[index] as string, Number(due[index + 1])).then(act));
    }
    throwFirst(await Promise.allSettled(drained));
  }

  return {
    /**
     * Drains what is due now, a bounded number per shard; the rest waits for the next round. `act` is called for each entry
     * as soon as its script has run: a shard that is out of reach keeps no other from being followed up. Throws the first
     * failure at the end.
     */
    async drain(act: (due: DueAction) => Promise<void>): Promise<void> {
      throwFirst(await Promise.allSettled(Array.from({ length: SHARDS }, (_, shard) => drainShard(shard, act))));
    },
  };
}

function throwFirst(settled: readonly PromiseSettledResult<void>[]): void {
  const failed = settled.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

export type DueSet = ReturnType<typeof createDueSet>;
