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

export interface RetentionQueueOptions {
  /** Of the profile `worker`. */
  readonly connection: RedisConnection;
  /** A cron pattern, UTC. */
  readonly pattern: string;
  readonly logger: Logger;
  /** Runs at least once for each time of the pattern, in one of the processes that have this queue. */
  readonly process: () => Promise<void>;
}

export interface RetentionQueue {
  /** Waits for the job that runs. */
  close(): Promise<void>;
}

/** Schedules and runs the retention. However many processes do so, there is one schedule, and the last pattern counts. */
export async function startRetentionQueue(options: RetentionQueueOptions): Promise<RetentionQueue> {
  const { connection, pattern, logger, process } = options;
  const shared = { connection, prefix: PREFIX, skipVersionCheck: true };
  const queue = new Queue(QUEUE_NAME, shared);
  queue.on('error', (error) => logger.debug({ err: error }, 'retention queue'));
  const worker = new Worker(QUEUE_NAME, process, shared);
  worker.on('error', (error) => logger.debug({ err: error }, 'retention consumer'));
  worker.on('failed', (_, error) => logger.error({ err: error }, 'old records were not deleted'));
  const close = async () => {
    await worker.close();
    await queue.close();
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
