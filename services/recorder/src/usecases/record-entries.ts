import type { Batch, PoisonDocument, ShardLease } from '@watchword/records';
import { RecordsRejected } from '@watchword/records';
import { type ErasureEntry, readEntry, type StreamEntry } from '../domain/stream-event.ts';
import type { OtherShards, RecordingObserver, RecordStore } from '../ports.ts';
import { type BuildBatchDeps, createBuildBatch, type ReadEntry, toPoison } from './build-batch.ts';
import { createEraseDestination, type EraseDestinationDeps } from './erase-destination.ts';

export interface RecordEntriesDeps extends Omit<BuildBatchDeps & EraseDestinationDeps, 'records'> {
  readonly records: RecordStore;
  readonly otherShards: OtherShards;
  readonly observer: RecordingObserver;
  /** Is handed each batch once it is written; must not throw. */
  readonly onWritten?: (batch: Batch) => void;
}

/** `waiting`: for other shards, with what is left; written is what stands before that. */
type Written = 'written' | 'fenced' | 'waiting';

/** The lease, and the position to which its writes have come. */
interface Progress {
  lease: ShardLease;
}

/** A shard's stream entries become records, and its cursor moves behind them, in one write. */
export function createRecordEntries(deps: RecordEntriesDeps) {
  const { records, otherShards, observer, now } = deps;
  const buildBatch = createBuildBatch(deps);
  const eraseDestination = createEraseDestination(deps);

  /**
   * When the database refuses a document, the entries are written one by one and the culprit is set aside, so that no entry
   * stops its shard; an erasure is a write of its own, behind what was recorded before it, in all shards. `beforeEntry` is
   * awaited before each of these, since they may outlast a lease. A database that is away throws `RecordsUnavailable`: then,
   * and unless all was written, only the cursor in the database says how far all of this has come.
   */
  return async function recordEntries(
    lease: ShardLease,
    entries: readonly StreamEntry[],
    beforeEntry: () => Promise<void> = async () => undefined,
  ): Promise<Written> {
    const progress: Progress = { lease };
    let waiting: ReadEntry[] = [];
    for (const entry of entries) {
      const read = readEntry(entry);
      if (!('erasure' in read)) {
        waiting.push({ entry, read });
        continue;
      }
      if ((await recordEvents(progress, waiting, beforeEntry)) === 'fenced') return 'fenced';
      waiting = [];
      await beforeEntry();
      const erased = await recordErasure(progress, entry, read);
      if (erased !== 'written') return erased;
    }
    return recordEvents(progress, waiting, beforeEntry);
  };

  async function recordEvents(
    progress: Progress,
    entries: readonly ReadEntry[],
    beforeEntry: () => Promise<void>,
  ): Promise<Written> {
    if (entries.length === 0) return 'written';
    try {
      return await write(progress, await buildBatch(progress.lease.shard, entries));
    } catch (error) {
      if (!(error instanceof RecordsRejected)) throw error;
    }
    observer.batch('refused');
    for (const entry of entries) {
      await beforeEntry();
      if ((await recordAlone(progress, entry)) === 'fenced') return 'fenced';
    }
    return 'written';
  }

  async function recordAlone(progress: Progress, read: ReadEntry): Promise<Written> {
    try {
      return await write(progress, await buildBatch(progress.lease.shard, [read]));
    } catch (error) {
      if (!(error instanceof RecordsRejected)) throw error;
      return setAside(progress, read.entry, `refused: ${error.message}`);
    }
  }

  async function recordErasure(progress: Progress, entry: StreamEntry, read: ErasureEntry): Promise<Written> {
    if (await otherShards.areBehind(progress.lease.shard, entry.position)) return 'waiting';
    const result = await eraseDestination(progress.lease, entry.position, read);
    if (result === 'sealed') return setAside(progress, entry, 'destination does not open');
    if (result === 'fenced') {
      observer.batch(result);
      return result;
    }
    return write(progress, { ...EMPTY, position: entry.position });
  }

  function setAside(progress: Progress, entry: StreamEntry, reason: string): Promise<Written> {
    const poison: PoisonDocument[] = [toPoison(progress.lease.shard, entry, reason, now())];
    return write(progress, { ...EMPTY, position: entry.position, poison });
  }

  async function write(progress: Progress, batch: Batch): Promise<Written> {
    const result = await records.writeBatch(progress.lease, batch);
    observer.batch(result);
    if (result === 'fenced') return result;
    progress.lease = { ...progress.lease, position: batch.position };
    observer.recorded(batch.events.length, batch.poison.length);
    deps.onWritten?.(batch);
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
