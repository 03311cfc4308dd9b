import type { EventStreams, OtherShards, RecordStore } from '../ports.ts';
import { msOf } from '../streams/event-streams.ts';

export interface OtherShardsDeps {
  readonly records: Pick<RecordStore, 'cursors'>;
  readonly streams: Pick<EventStreams, 'shards' | 'hasBefore'>;
}

const BEGINNING = '0-0';

/**
 * A verification that is erased through one of its further addresses stands in another shard than the erasure, which so waits
 * for what came before it there. Two that wait for each other there are not: each waits for entries that are strictly older.
 */
export function createOtherShards({ records, streams }: OtherShardsDeps): OtherShards {
  return {
    async areBehind(shard, position) {
      // Asked first: what is recorded meanwhile is behind these, and is only looked at in vain.
      const recorded = new Map((await records.cursors()).map((cursor) => [cursor.id, cursor.position]));
      const found = await Promise.all(
        streams.shards
          .filter((other) => other !== shard)
          .map((other) => streams.hasBefore(other, recorded.get(other) ?? BEGINNING, msOf(position))),
      );
      return found.includes(true);
    },
  };
}
