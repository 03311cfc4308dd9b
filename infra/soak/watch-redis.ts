import { setTimeout as delay } from 'node:timers/promises';
import type { RedisSample, RedisView } from './redis-view.ts';

const EVERY_MS = 500;
/** No event for so long: late receipts have come as well. */
const QUIET_MS = 3_000;

interface TimedSample extends RedisSample {
  readonly at: number;
}

export interface RedisWatch {
  latest(): TimedSample;
  /** Whether every stream has been empty for a while, all of it after `since`, ms since the epoch. */
  isQuiet(since: number): boolean;
  /** Ms since the epoch; of streams that are empty. */
  emptySince(): number;
  /** `from`, `until`: when the database was away, ms since the epoch. */
  figures(from: number, until: number): RedisFigures;
  stop(): Promise<void>;
}

export interface RedisFigures {
  readonly memory_mb: { readonly before: number; readonly peak: number; readonly after: number };
  /** Events in the streams at most: before the database was taken away, and in all. */
  readonly lag_max: { readonly before: number; readonly overall: number };
  /** From the end of that until the streams held no more than they ever did before it. */
  readonly recovery_ms: number | null;
}

/** Looks at the streams and the memory twice a second. */
export async function watchRedis(redis: RedisView): Promise<RedisWatch> {
  const take = async (): Promise<TimedSample> => ({ at: Date.now(), ...(await redis.sample()) });
  const first = await take();
  const samples = [first];
  const ending = new AbortController();

  async function run(): Promise<void> {
    while (!ending.signal.aborted) {
      await delay(EVERY_MS, undefined, { signal: ending.signal }).catch(() => undefined);
      samples.push(await take());
    }
  }
  const running = run();
  // Told by stop(); until then nobody waits for it.
  running.catch(() => undefined);

  const latest = () => samples.at(-1) ?? first;
  /** The first sample after the last that held an event; what is not empty now will be at best. */
  const emptySince = () => samples[samples.findLastIndex(({ events }) => events > 0) + 1]?.at ?? Date.now();
  return {
    latest,
    isQuiet: (since) => latest().at - Math.max(since, emptySince()) >= QUIET_MS,
    emptySince,
    figures(from, until) {
      const lagMax = Math.max(...samples.filter(({ at }) => at <= from).map(({ events }) => events));
      const recovered = samples.find(({ at, events }) => at > until && events <= lagMax);
      const bytes = samples.map(({ memoryBytes }) => memoryBytes);
      return {
        memory_mb: {
          before: toMegabytes(first.memoryBytes),
          peak: toMegabytes(Math.max(...bytes)),
          after: toMegabytes(latest().memoryBytes),
        },
        lag_max: { before: lagMax, overall: Math.max(...samples.map(({ events }) => events)) },
        recovery_ms: recovered ? recovered.at - until : null,
      };
    },
    async stop() {
      ending.abort();
      await running;
    },
  };
}

const toMegabytes = (bytes: number) => Math.round(bytes / 1e5) / 10;
