import { setTimeout as delay } from 'node:timers/promises';
import type { Claimed, Next, Settlement } from '@watchword/verifications';
import { SETTLE_GIVE_UP_MS } from '../domain/times.ts';
import type { Deliveries, DeliveryObserver, DeliveryResult } from '../ports.ts';

const SETTLE_RETRY_MS = 100;
const SETTLE_RETRY_MS_MAX = 1_000;

export interface SettleAttemptDeps {
  readonly deliveries: Pick<Deliveries, 'settle'>;
  readonly observer: Pick<DeliveryObserver, 'stale' | 'settleFailed'>;
}

/**
 * Settles, whatever it takes: the message has gone out, and an unrecorded one is sent again. While Redis is away the
 * connection holds the command back; this tries again after refusals (a replica, out of memory) until the code is dead.
 */
export function createSettleAttempt({ deliveries, observer }: SettleAttemptDeps) {
  return async function settle(
    { attempt, remainingMs }: Claimed,
    settlement: Settlement,
  ): Promise<DeliveryResult | 'again'> {
    const giveUpAt = performance.now() + Math.min(remainingMs, SETTLE_GIVE_UP_MS);
    for (let retryMs = SETTLE_RETRY_MS; ; retryMs = Math.min(retryMs * 2, SETTLE_RETRY_MS_MAX)) {
      try {
        if ((await deliveries.settle(attempt, settlement)) === 'settled') return resultOf(settlement.next);
        observer.stale(attempt);
        return 'stale';
      } catch (error) {
        observer.settleFailed(attempt, error);
        if (performance.now() > giveUpAt) throw error;
      }
      await delay(retryMs);
    }
  };
}

const resultOf = (next: Next) => (next.kind === 'end' ? next.status : next.kind);
