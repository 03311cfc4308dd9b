import type { Batch, PoisonDocument, ShardLease } from '@watchword/records';
import { RecordsRejected } from '@watchword/records';
import { type ErasureEntry, readEntry, type StreamEntry } from '../domain/stream-event.ts';
import type { RecordingObserver, RecordStore } from '../ports.ts';
import { type BuildBatchDeps, createBuildBatch, type ReadEntry, toPoison } from './build-batch.ts';
import { createEraseDestination, type EraseDestinationDeps } from './erase-destination.ts';

export interface RecordEntriesDeps extends Omit<BuildBatchDeps & EraseDestinationDeps, 'records'> {
  readonly records: RecordStore;
  readonly observer: RecordingObserver;
}

type Written = 'written' | 'fenced';

/** A shard's stream entries become records, and its cursor moves behind them, in one write. */
export function createRecordEntries(deps: RecordEntriesDeps) {
  const { records, observer, now } = deps;
  const buildBatch = createBuildBatch(deps);
  const eraseDestination = createEraseDestination(deps);

  /**
   * When the database refuses a document, the entries are written one by one and the culprit is set aside, so that no entry
   * stops its shard; an erasure is a write of its own, behind what was recorded before it. `beforeEntry` is awaited before each
   * of these, since they may outlast a lease. A database that is away throws `RecordsUnavailable`, and all of it is to be
   * tried again.
   */
  return async function recordEntries(
    lease: ShardLease,
    entries: readonly StreamEntry[],
    beforeEntry: () => Promise<void> = async () => undefined,
  ): Promise<Written> {
    let waiting: ReadEntry[] = [];
    for (const entry of entries) {
      const read = readEntry(entry);
      if (!('erasure' in read)) {
        waiting.push({ entry, read });
        continue;
      }
      if ((await recordEvents(lease, waiting, beforeEntry)) === 'fenced') return 'fenced';
      waiting = [];
      await beforeEntry();
      if ((await recordErasure(lease, entry, read)) === 'fenced') return 'fenced';
    }
    return recordEvents(lease, waiting, beforeEntry);
  };

  async function recordEvents(
    lease: ShardLease,
    entries: readonly ReadEntry[],
    beforeEntry: () => Promise<void>,
  ): Promise<Written> {
    if (entries.length === 0) return 'written';
    try {
      return await write(lease, await buildBatch(lease.shard, entries));
    } catch (error) {
      if (!(error instanceof RecordsRejected)) throw error;
    }
    observer.batch('refused');
    for (const entry of entries) {
      await beforeEntry();
      if ((await recordAlone(lease, entry)) === 'fenced') return 'fenced';
    }
    return 'written';
  }

  async function recordAlone(lease: ShardLease, read: ReadEntry): Promise<Written> {
    try {
      return await write(lease, await buildBatch(lease.shard, [read]));
    } catch (error) {
      if (!(error instanceof RecordsRejected)) throw error;
      return setAside(lease, read.entry, `refused: ${error.message}`);
    }
  }

  async function recordErasure(lease: ShardLease, entry: StreamEntry, read: ErasureEntry): Promise<Written> {
    const result = await eraseDestination(read);
    if (result === 'sealed') return setAside(lease, entry, 'destination does not open');
    return write(lease, { ...EMPTY, position: entry.position });
  }

  function setAside(lease: ShardLease, entry: StreamEntry, reason: string): Promise<Written> {
    const poison: PoisonDocument[] = [toPoison(lease.shard, entry, reason, now())];
    return write(lease, { ...EMPTY, position: entry.position, poison });
  }

  async function write(lease: ShardLease, batch: Batch): Promise<Written> {
    const result = await records.writeBatch(lease, batch);
    observer.batch(result);
    if (result === 'fenced') return result;
    observer.recorded(batch.events.length, batch.poison.length);
    for (const { shard, position, reason } of batch.poison) observer.setAside(shard, position, reason);
    return result;
  }
}

export type RecordEntries = ReturnType<typeof createRecordEntries>;

const EMPTY = {
  events: [],
  verifications: [],
  deliveries: [],
  attempts: [],
  receipts: [],
  tokens: [],
  tallies: [],
  poison: [],
};
