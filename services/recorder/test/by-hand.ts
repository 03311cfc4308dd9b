import type { Records, ShardLease } from '@watchword/records';
import { expect } from 'vitest';
import type { RecordingObserver } from '../src/ports.ts';
import { createRecordEntries, type RecordEntriesDeps } from '../src/usecases/record-entries.ts';

/** Expects that nothing is set aside. */
export const quietObserver: RecordingObserver = {
  recorded: () => undefined,
  batch: () => undefined,
  setAside: (_, position, reason) => expect.unreachable(`${position} ${reason}`),
  failing: () => undefined,
  recovered: () => undefined,
};

type Needed = 'records' | 'sealer' | 'blindIndex';

/** Recording without its loop: of no other shards, and with nothing in Redis to forget, unless that is given too. */
export const recordByHand = (deps: Pick<RecordEntriesDeps, Needed> & Partial<RecordEntriesDeps>) =>
  createRecordEntries({
    forgetting: { forget: async () => 0 },
    otherShards: { areBehind: async () => false },
    observer: quietObserver,
    now: () => 0,
    ...deps,
  });

/** Takes a shard, from whoever has it, for a minute or until a time, ms. */
export async function takeShard(
  records: Records,
  shard: string,
  owner: string,
  until = Date.now() + 60_000,
): Promise<ShardLease> {
  const { cursors } = await records.renewLeases(owner, until, [shard]);
  const cursor = cursors.find(({ id }) => id === shard);
  const lease = cursor && (await records.takeShard(cursor, owner, until));
  if (!lease) throw new Error('not taken');
  return lease;
}
