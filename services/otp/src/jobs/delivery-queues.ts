import { CHANNELS, type Channel } from '@watchword/contracts';
import {
  createDeliveryProducer,
  type DeliveryProducer,
  type Logger,
  queueJobs,
  queueOldestJobAgeSeconds,
  type RedisConnection,
  type Registry,
} from '@watchword/platform';
import type { DeliveryQueue } from '../ports.ts';

export interface DeliveryQueues extends DeliveryQueue {
  close(): Promise<void>;
}

/** The queue of each channel, with its figures. */
export function openDeliveryQueues(redis: RedisConnection, registry: Registry, logger: Logger): DeliveryQueues {
  const producers = CHANNELS.map((channel) => ({ channel, producer: createDeliveryProducer(channel, redis, logger) }));
  const byChannel = new Map<Channel, DeliveryProducer>(producers.map(({ channel, producer }) => [channel, producer]));
  queueJobs(registry, async () => {
    const counted = producers.map(async ({ channel, producer }) =>
      Object.entries(await producer.counts()).map(([state, value]) => ({ queue: channel, state, value })),
    );
    return (await Promise.all(counted)).flat();
  });
  queueOldestJobAgeSeconds(registry, () =>
    Promise.all(
      producers.map(async ({ channel, producer }) => ({ queue: channel, value: await producer.oldestWaitSeconds() })),
    ),
  );
  return {
    /** A job's id holds the attempts made so far, so that the job of a dead worker is not in the way of the next. */
    async enqueue({ id, channel }, attempts, requestId) {
      const job = { delivery: id, ...(requestId === undefined ? {} : { requestId }) };
      await byChannel.get(channel)?.enqueue(`${id}-${attempts}`, job);
    },
    async close() {
      await Promise.all(producers.map(({ producer }) => producer.close()));
    },
  };
}
