import { dueEntriesTotal, dueLagSeconds, type Logger, type Registry } from '@watchword/platform';
import type { DueSet } from '@watchword/verifications';
import type { DeliveryQueue } from '../ports.ts';

const TICK_MS = 500;

export interface DueTicker {
  /** Ends after the round that runs. */
  stop(): Promise<void>;
}

/** Drains the due set twice a second. While Redis is away a round fails and the next one tries again. */
export function startDueTicker(dueSet: DueSet, queue: DeliveryQueue, registry: Registry, logger: Logger): DueTicker {
  const entries = dueEntriesTotal(registry);
  const lag = dueLagSeconds(registry);
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  async function round(): Promise<void> {
    const drained = await dueSet.drain();
    lag.set(drained.reduce((worst, { lateMs }) => Math.max(worst, lateMs), 0) / 1000);
    await Promise.all(
      drained.map(async (due) => {
        entries.inc({ action: due.action });
        if (due.action === 'enqueue') await queue.enqueue(due.deliveryId, due.attempts);
      }),
    );
  }

  async function tick(): Promise<void> {
    try {
      await round();
    } catch (error) {
      logger.warn({ err: error }, 'a round of the due set failed; the next one tries again');
    }
    if (!stopped) timer = setTimeout(schedule, TICK_MS);
  }

  let running: Promise<void> = Promise.resolve();
  function schedule(): void {
    running = tick();
  }
  schedule();

  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
