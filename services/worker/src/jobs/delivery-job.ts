import type { Channel, DeliveryJob } from '@watchword/contracts';
import { deliveriesTotal, type Logger, type Registry } from '@watchword/platform';
import type { DeliveryReport } from '../ports.ts';

export interface DeliveryJobDeps {
  readonly deliverCode: (deliveryId: string) => Promise<DeliveryReport>;
  readonly registry: Registry;
  readonly logger: Logger;
}

/** Jobs of the channels' delivery queues, and the one wide log line of each: ids and outcomes, never code, address or text. */
export function createDeliveryJobs({ deliverCode, registry, logger }: DeliveryJobDeps) {
  const total = deliveriesTotal(registry);
  return (channel: Channel) =>
    async function runDeliveryJob({ delivery, requestId }: DeliveryJob): Promise<void> {
      const startedAt = performance.now();
      const { result, attempts } = await deliverCode(delivery).catch((error: unknown) => {
        total.inc({ channel, result: 'error' });
        throw error;
      });
      total.inc({ channel, result });
      logger.info(
        { delivery, request_id: requestId, channel, result, attempts, ms: Math.round(performance.now() - startedAt) },
        'delivery job',
      );
    };
}
