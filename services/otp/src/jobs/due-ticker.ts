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
  /** How late the oldest entry of the last complete round was, and when that round ended. */
  let lastRound = { lagMs: 0, endedAt: performance.now() };
  // A ticker that no longer gets through shows as a lag that grows.
  dueLagSeconds(registry, () => {
    const sinceMs = performance.now() - lastRound.endedAt;
    return Math.max(lastRound.lagMs, sinceMs - TICK_MS, 0) / 1_000;
  });
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  async function round(): Promise<void> {
    let worstMs = 0;
    await dueSet.drain(async (due) => {
      entries.inc({ action: due.action });
      worstMs = Math.max(worstMs, due.lateMs);
      if (due.action === 'enqueue') await queue.enqueue({ id: due.deliveryId, channel: due.channel }, due.attempts);
    });
    lastRound = { lagMs: worstMs, endedAt: performance.now() };
  }

  async function tick(): Promise<void> {
    try {
      await round();
    } catch (error) {
      logger.warn({ err: error }, 'a round of the due set failed in part; the next one tries again');
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
