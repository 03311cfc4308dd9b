import type { RedisConnection } from '@watchword/platform';
import { SHARDS, shardKeys } from '@watchword/verifications';
import type { StreamEntry } from '../domain/stream-event.ts';
import type { EventStreams } from '../ports.ts';

/** Commands of one turn travel together: the connection pipelines by itself, also to the nodes of a Cluster. */
export function createEventStreams(redis: RedisConnection): EventStreams {
  const shards = Array.from({ length: SHARDS }, (_, shard) => String(shard).padStart(2, '0'));
  const keyOf = (shard: string) => shardKeys(Number(shard)).events;
  return {
    shards,
    async read(shard, after, count) {
      const entries = await redis.xrangeBuffer(keyOf(shard), `(${after}`, '+', 'COUNT', count);
      return entries.map(toEntry);
    },
    async hasBefore(shard, after, ms) {
      const [found] = await redis.xrange(keyOf(shard), `(${after}`, String(ms - 1), 'COUNT', 1);
      return found !== undefined;
    },
    async trim(shard, position) {
      await redis.xtrim(keyOf(shard), 'MINID', following(position));
    },
    async oldest() {
      const first = await Promise.all(shards.map((shard) => redis.xrange(keyOf(shard), '-', '+', 'COUNT', 1)));
      const positions = first.flatMap(([entry]) => (entry ? [entry[0]] : []));
      return positions.toSorted((left, right) => msOf(left) - msOf(right))[0];
    },
  };
}

/** When Redis took an entry in, on its own clock. */
export const msOf = (position: string) => Number(position.split('-')[0]);

function following(position: string): string {
  const [ms = '0', ordinal = '0'] = position.split('-');
  return `${ms}-${BigInt(ordinal) + 1n}`;
}

function toEntry([position, values]: [Buffer, Buffer[]]): StreamEntry {
  const fields: Record<string, Buffer> = {};
  for (let index = 0; index + 1 < values.length; index += 2) {
    fields[(values[index] as Buffer).toString('utf8')] = values[index + 1] as Buffer;
  }
  return { position: position.toString(), fields };
}
