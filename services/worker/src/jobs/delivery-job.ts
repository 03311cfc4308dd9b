import type { DeliveryJob } from '@watchword/contracts';
import { deliveriesTotal, type Logger, type Registry } from '@watchword/platform';
import type { DeliveryReport } from '../ports.ts';

export interface DeliveryJobDeps {
  readonly deliverCode: (deliveryId: string) => Promise<DeliveryReport>;
  readonly registry: Registry;
  readonly logger: Logger;
}

/** One job of the delivery queue, and its one wide log line: ids and outcomes, never code, number or text. */
export function createDeliveryJob({ deliverCode, registry, logger }: DeliveryJobDeps) {
  const total = deliveriesTotal(registry);
  return async function runDeliveryJob({ delivery, requestId }: DeliveryJob): Promise<void> {
    const startedAt = performance.now();
    const { result, attempts } = await deliverCode(delivery).catch((error: unknown) => {
      total.inc({ channel: 'sms', result: 'error' });
      throw error;
    });
    total.inc({ channel: 'sms', result });
    logger.info(
      { delivery, request_id: requestId, result, attempts, ms: Math.round(performance.now() - startedAt) },
      'delivery job',
    );
  };
}
