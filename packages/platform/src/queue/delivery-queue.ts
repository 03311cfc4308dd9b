import { setTimeout as delay } from 'node:timers/promises';
import type { Channel, DeliveryJob } from '@watchword/contracts';
import { deliveryJobSchema } from '@watchword/contracts';
import { Queue, Worker } from 'bullmq';
import type { Logger } from '../logger.ts';
import type { RedisConnection } from '../redis/connection.ts';
import { type ConsumerWatchOptions, createConsumerWatch, STUCK_AFTER_MS } from './consumer-watch.ts';

/** One queue per channel; its hash tag keeps a queue's keys in one Cluster slot. */
const prefixOf = (channel: Channel) => `ww:{q:${channel}}`;
const QUEUE_NAME = 'deliveries';

export interface DeliveryProducer {
  /** Adds a job under `jobId`; a job of that id that still waits or runs makes it nothing. */
  enqueue(jobId: string, job: DeliveryJob): Promise<void>;
  /** Jobs by state. */
  counts(): Promise<Record<string, number>>;
  /** How long the job that is next has waited; 0 when none waits. */
  oldestWaitSeconds(): Promise<number>;
  close(): Promise<void>;
}

/**
 * Adds delivery jobs. A job leaves Redis when it ends, well or not: the due set, not BullMQ, decides whether a delivery
 * is tried again, and a kept failed job would keep its id from being added.
 */
export function createDeliveryProducer(
  channel: Channel,
  connection: RedisConnection,
  logger: Logger,
): DeliveryProducer {
  const queue = openQueue(channel, connection, logger);
  return {
    async enqueue(jobId, job) {
      await queue.add(channel, job, { jobId });
    },
    counts: () => queue.getJobCounts('waiting', 'active'),
    async oldestWaitSeconds() {
      const [oldest] = await queue.getJobs('waiting', 0, 0, true);
      return oldest ? Math.max(0, Date.now() - oldest.timestamp) / 1_000 : 0;
    },
    close: () => queue.close(),
  };
}

function openQueue(channel: Channel, connection: RedisConnection, logger: Logger): Queue<DeliveryJob> {
  const queue = new Queue<DeliveryJob>(QUEUE_NAME, {
    connection,
    prefix: prefixOf(channel),
    skipWaitingForReady: true,
    skipMetasUpdate: true,
    defaultJobOptions: { removeOnComplete: true, removeOnFail: true, attempts: 1 },
  });
  queue.on('error', (error) => logger.debug({ err: error, channel }, 'queue'));
  return queue;
}

export interface DeliveryConsumer {
  /** Stops fetching and waits for the jobs that run. */
  close(): Promise<void>;
  running(): number;
  /** Rejects with the reason when it is stuck though Redis answers (see `createConsumerWatch`). */
  isAlive(): Promise<void>;
}

export interface DeliveryConsumerOptions extends Omit<ConsumerWatchOptions, 'countWaiting'> {
  readonly channel: Channel;
  readonly connection: RedisConnection;
  readonly logger: Logger;
  readonly process: (job: DeliveryJob) => Promise<void>;
}

/**
 * A dead worker's jobs return to the queue after at most lock + 2 checks; a consumer that has taken none of the waiting ones for
 * `stuckAfterMs` is stuck.
 */
export const CONSUMER_TIMES = { lockMs: 4_000, stalledCheckMs: 2_000, stuckAfterMs: STUCK_AFTER_MS } as const;
/** After the last job has ended: BullMQ needs a moment to leave. */
const FETCH_END_MS = 2_000;
/** A crash is never the message's fault: `claim` bounds the copies, so BullMQ need not. */
const STALLED_MAX = 100;

export function startDeliveryConsumer(options: DeliveryConsumerOptions): DeliveryConsumer {
  const { channel, connection, logger, process, ...watched } = options;
  const queue = openQueue(channel, connection, logger);
  const countWaiting = async () => (await queue.getJobCounts('waiting')).waiting ?? 0;
  const watch = createConsumerWatch({ ...watched, countWaiting });
  let onIdle: (() => void) | undefined;
  const idle = () =>
    new Promise<void>((resolve) => {
      if (watch.running() === 0) resolve();
      else onIdle = resolve;
    });
  async function run(data: unknown): Promise<void> {
    try {
      await watch.track(() => process(deliveryJobSchema.parse(data)));
    } finally {
      if (watch.running() === 0) onIdle?.();
    }
  }
  const worker = new Worker<DeliveryJob>(QUEUE_NAME, (job) => run(job.data), {
    connection,
    prefix: prefixOf(channel),
    concurrency: options.concurrency,
    lockDuration: CONSUMER_TIMES.lockMs,
    stalledInterval: CONSUMER_TIMES.stalledCheckMs,
    maxStalledCount: STALLED_MAX,
    skipVersionCheck: true,
  });
  worker.on('error', (error) => logger.debug({ err: error, channel }, 'queue consumer'));
  worker.on('failed', (job, error) => logger.error({ err: error, channel, job: job?.id }, 'delivery job failed'));
  return {
    async close() {
      watch[Symbol.dispose]();
      const closed = worker.close();
      // A fetch that waits for a dead Redis never ends; with nothing left to run there is nothing to wait for. One that was
      // under way may still bring a job, which is run as well.
      do {
        await Promise.race([closed, idle()]);
        await Promise.race([closed, delay(FETCH_END_MS, undefined, { ref: false })]);
      } while (watch.running() > 0);
    },
    running: watch.running,
    isAlive: watch.isAlive,
  };
}
