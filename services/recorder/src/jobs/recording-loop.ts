import { RecordsUnavailable } from '@watchword/records';
import type { StreamEntry } from '../domain/stream-event.ts';
import type { EventStreams, RecordingObserver } from '../ports.ts';
import { msOf } from '../streams/event-streams.ts';
import { type HeldShard, type HoldShards, RENEW_EVERY_MS } from '../usecases/hold-shards.ts';
import type { RecordEntries } from '../usecases/record-entries.ts';

export interface RecordingLoopDeps {
  readonly streams: EventStreams;
  readonly shards: HoldShards;
  readonly recordEntries: RecordEntries;
  readonly observer: RecordingObserver;
}

export interface RecordingLoop {
  /** The position of the oldest event seen and not recorded; undefined when all is. */
  oldestWaiting(): string | undefined;
  /** Rejects when the loop is stuck: each of its steps is bounded in time, whatever Redis and the database do. */
  isAlive(): Promise<void>;
  /** Ends after the step that runs, and frees the shards. */
  stop(): Promise<void>;
}

const ENTRIES_PER_SHARD = 250;
const IDLE_MS = 200;
const BACKOFF_MAX_MS = 2_000;
const STUCK_MS = 30_000;

/** Round after round: renew the leases when it is time, read each held shard behind its cursor, record, trim. */
export function startRecordingLoop({ streams, shards, recordEntries, observer }: RecordingLoopDeps): RecordingLoop {
  /** By shard: the first entry that is not recorded yet. */
  const waiting = new Map<string, string>();
  let renewedAt = Number.NEGATIVE_INFINITY;
  let steppedAt = performance.now();
  let failedRounds = 0;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  function step(): void {
    steppedAt = performance.now();
  }

  async function renewWhenDue(): Promise<void> {
    step();
    const startedAt = steppedAt;
    if (startedAt - renewedAt < RENEW_EVERY_MS) return;
    await shards.refresh(step);
    step();
    renewedAt = startedAt;
    for (const shard of waiting.keys()) if (!shards.held.has(shard)) waiting.delete(shard);
  }

  /** Records what waits; true when there may be more. */
  async function round(): Promise<boolean> {
    await renewWhenDue();
    const held = [...shards.held.values()];
    const pages = await Promise.allSettled(held.map((shard) => read(shard)));
    // A node that is out of reach, or a shard that cannot be recorded yet, keeps no other shard from being recorded.
    const failures = pages.flatMap((page) => (page.status === 'rejected' ? [page.reason as unknown] : []));
    let isMore = false;
    for (const [index, page] of pages.entries()) {
      if (stopped || page.status === 'rejected') continue;
      await renewWhenDue();
      const shard = held[index] as HeldShard;
      if (shards.held.get(shard.lease.shard) !== shard) continue;
      try {
        await record(shard, page.value);
        isMore ||= page.value.length === ENTRIES_PER_SHARD;
      } catch (error) {
        if (error instanceof RecordsUnavailable) throw error;
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
    return isMore;
  }

  async function read({ lease: { shard }, position }: HeldShard): Promise<StreamEntry[]> {
    const entries = await streams.read(shard, position, ENTRIES_PER_SHARD);
    if (entries[0]) waiting.set(shard, entries[0].position);
    return entries;
  }

  async function record(shard: HeldShard, entries: readonly StreamEntry[]): Promise<void> {
    const last = entries.at(-1);
    if (last) {
      if ((await recordBehind(shard, entries)) !== 'written') return;
      shard.position = last.position;
      shard.isTrimmed = false;
    }
    if (shard.isTrimmed) return;
    // Only what is recorded. Cut off before this, the next round or the next owner trims.
    await streams.trim(shard.lease.shard, shard.position);
    shard.isTrimmed = true;
  }

  /** Fenced or cut off, it is the database that says whose the shard is and how far it was recorded: it is asked at once. */
  async function recordBehind({ lease, position }: HeldShard, entries: readonly StreamEntry[]) {
    let isKnown = false;
    try {
      const result = await recordEntries({ ...lease, position }, entries, renewWhenDue);
      if (result !== 'waiting') waiting.delete(lease.shard);
      isKnown = result === 'written';
      return result;
    } catch (error) {
      isKnown = !(error instanceof RecordsUnavailable);
      throw error;
    } finally {
      if (!isKnown) {
        shards.lose(lease.shard);
        renewedAt = Number.NEGATIVE_INFINITY;
      }
    }
  }

  /** While the records are away nobody can tell whose shard is whose, but what waits in Redis is seen by all. */
  async function lookWithoutRecords(): Promise<void> {
    const oldest = await streams.oldest();
    waiting.clear();
    if (oldest !== undefined) waiting.set('any', oldest);
  }

  async function tick(): Promise<void> {
    let waitMs = IDLE_MS;
    try {
      if (await round()) waitMs = 0;
      if (failedRounds > 0) observer.recovered();
      failedRounds = 0;
    } catch (error) {
      if (error instanceof RecordsUnavailable) {
        observer.batch('unavailable');
        await lookWithoutRecords().catch(() => undefined);
      }
      if (failedRounds === 0) observer.failing(error);
      waitMs = Math.min(BACKOFF_MAX_MS, IDLE_MS * 2 ** failedRounds);
      failedRounds += 1;
    }
    if (!stopped) timer = setTimeout(schedule, waitMs);
  }

  let running: Promise<void> = Promise.resolve();
  function schedule(): void {
    running = tick();
  }
  schedule();

  return {
    oldestWaiting: () => [...waiting.values()].toSorted((left, right) => msOf(left) - msOf(right))[0],
    async isAlive() {
      const silentMs = performance.now() - steppedAt;
      if (silentMs > STUCK_MS) throw new Error(`the recording has not moved for ${Math.round(silentMs / 1000)} s`);
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
      // The leases end by themselves when the records are away.
      await shards.leave().catch(() => undefined);
    },
  };
}
