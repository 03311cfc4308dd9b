import { setTimeout as delay } from 'node:timers/promises';
import { Queue, Worker } from 'bullmq';
import type { Logger } from '../logger.ts';
import { type RedisConnection, START_TIMEOUT_MS, within } from '../redis/connection.ts';

/** Its hash tag keeps the queue's keys in one Cluster slot. */
const PREFIX = 'ww:{q:retention}';
const QUEUE_NAME = 'retention';
const SCHEDULER_ID = 'retention';
/** Away for a night is rare; away for half an hour is not. */
const ATTEMPTS = 6;
const BACKOFF_MS = 60_000;
const FAILED_KEPT = 30;
/** After the job has ended: BullMQ needs a moment to leave. */
const FETCH_END_MS = 2_000;

export interface RetentionQueueOptions {
  /** Of the profile `worker`. */
  readonly connection: RedisConnection;
  /** A cron pattern, UTC. */
  readonly pattern: string;
  readonly logger: Logger;
  /**
   * Runs at least once for each time of the pattern, in one of the processes that have this queue. Rejects soon when `signal`
   * aborts, and is run again later.
   */
  readonly process: (signal: AbortSignal) => Promise<void>;
}

export interface RetentionQueue {
  /** Aborts the job that runs and waits for it; ends in bounded time though Redis is away. */
  close(): Promise<void>;
}

/** Schedules and runs the retention. However many processes do so, there is one schedule, and the last pattern counts. */
export async function startRetentionQueue(options: RetentionQueueOptions): Promise<RetentionQueue> {
  const { connection, pattern, logger, process } = options;
  const shared = { connection, prefix: PREFIX, skipVersionCheck: true };
  const queue = new Queue(QUEUE_NAME, shared);
  queue.on('error', (error) => logger.debug({ err: error }, 'retention queue'));
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();
  async function run(): Promise<void> {
    const job = process(stopping.signal);
    running.add(job);
    await job.finally(() => running.delete(job));
  }
  const worker = new Worker(QUEUE_NAME, run, shared);
  worker.on('error', (error) => logger.debug({ err: error }, 'retention consumer'));
  worker.on('failed', (_, error) => {
    if (!stopping.signal.aborted) logger.error({ err: error }, 'old records were not deleted');
  });
  const close = async () => {
    stopping.abort();
    const closed = worker.close().then(() => queue.close());
    // As with deliveries: a fetch that waits for a dead Redis never ends, and one under way may still bring a job.
    do {
      await Promise.race([closed, Promise.allSettled(running)]);
      await Promise.race([closed, delay(FETCH_END_MS, undefined, { ref: false })]);
    } while (running.size > 0);
  };
  const job = {
    name: 'sweep',
    opts: {
      attempts: ATTEMPTS,
      backoff: { type: 'exponential', delay: BACKOFF_MS },
      removeOnComplete: true,
      removeOnFail: FAILED_KEPT,
    },
  };
  try {
    await within(START_TIMEOUT_MS, queue.upsertJobScheduler(SCHEDULER_ID, { pattern, tz: 'UTC' }, job));
  } catch (error) {
    await close();
    throw error;
  }
  return { close };
}
