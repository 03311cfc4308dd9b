import type { Channel, DeliveryJob } from '@watchword/contracts';
import { deliveryJobSchema } from '@watchword/contracts';
import { Queue, Worker } from 'bullmq';
import type { Logger } from '../logger.ts';
import type { RedisConnection } from '../redis/connection.ts';

/** One queue per channel; its hash tag keeps a queue's keys in one Cluster slot. */
const prefixOf = (channel: Channel) => `ww:{q:${channel}}`;
const QUEUE_NAME = 'deliveries';

export interface DeliveryProducer {
  /** Adds a job under `jobId`; a job of that id that still waits or runs makes it nothing. */
  enqueue(jobId: string, job: DeliveryJob): Promise<void>;
  /** Jobs by state. */
  counts(): Promise<Record<string, number>>;
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
  const queue = new Queue<DeliveryJob>(QUEUE_NAME, {
    connection,
    prefix: prefixOf(channel),
    skipWaitingForReady: true,
    skipMetasUpdate: true,
    defaultJobOptions: { removeOnComplete: true, removeOnFail: true, attempts: 1 },
  });
  queue.on('error', (error) => logger.debug({ err: error, channel }, 'queue producer'));
  return {
    async enqueue(jobId, job) {
      await queue.add(channel, job, { jobId });
    },
    counts: () => queue.getJobCounts('waiting', 'active', 'failed'),
    close: () => queue.close(),
  };
}

export interface DeliveryConsumer {
  /** Stops fetching and waits for the jobs that run. */
  close(): Promise<void>;
}

export interface DeliveryConsumerOptions {
  readonly channel: Channel;
  readonly connection: RedisConnection;
  readonly concurrency: number;
  readonly logger: Logger;
  readonly process: (job: DeliveryJob) => Promise<void>;
}

/** A dead worker's jobs return to the queue after at most lock + 2 checks. */
const LOCK_MS = 4_000;
const STALLED_CHECK_MS = 2_000;
/** A crash is never the message's fault: `claim` bounds the copies, so BullMQ need not. */
const STALLED_MAX = 100;

export function startDeliveryConsumer(options: DeliveryConsumerOptions): DeliveryConsumer {
  const { channel, connection, concurrency, logger, process } = options;
  const worker = new Worker<DeliveryJob>(QUEUE_NAME, (job) => process(deliveryJobSchema.parse(job.data)), {
    connection,
    prefix: prefixOf(channel),
    concurrency,
    lockDuration: LOCK_MS,
    stalledInterval: STALLED_CHECK_MS,
    maxStalledCount: STALLED_MAX,
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
    skipVersionCheck: true,
  });
  worker.on('error', (error) => logger.debug({ err: error, channel }, 'queue consumer'));
  worker.on('failed', (job, error) => logger.error({ err: error, channel, job: job?.id }, 'delivery job failed'));
  return { close: () => worker.close() };
}
