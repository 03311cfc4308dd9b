import { within } from '../redis/connection.ts';

export interface ConsumerWatchOptions {
  readonly concurrency: number;
  /** Longer than any job may run while Redis answers. */
  readonly jobMaxMs: number;
  /** Jobs that wait in the queue; rejects or stays silent while Redis does not answer. */
  readonly countWaiting: () => Promise<number>;
  readonly lookEveryMs?: number;
  readonly stuckAfterMs?: number;
}

export interface ConsumerWatch {
  /** Runs one job under watch. */
  track(job: () => Promise<void>): Promise<void>;
  running(): number;
  /** Rejects with the reason when the consumer is stuck. */
  isAlive(): Promise<void>;
  [Symbol.dispose](): void;
}

const LOOK_EVERY_MS = 1_000;
/** Thrice what a consumer takes to return after an outage of Redis. */
export const STUCK_AFTER_MS = 30_000;

/**
 * Tells from outside of BullMQ whether a consumer is stuck. A healthy one with free capacity takes a waiting job within
 * milliseconds, so it is stuck when, at each look for 30 s in a row, Redis answered, jobs waited, this consumer had free
 * capacity, and it had started none since the look before; or when a job runs on although Redis has answered for longer
 * than any job may last. Looks are counted, not time, so that a process that was stopped itself accuses nobody; and each look
 * that Redis leaves unanswered starts the count anew. Where other consumers take all jobs, none wait: nothing is amiss then.
 */
export function createConsumerWatch(options: ConsumerWatchOptions): ConsumerWatch {
  const { concurrency, jobMaxMs, countWaiting } = options;
  const { lookEveryMs = LOOK_EVERY_MS, stuckAfterMs = STUCK_AFTER_MS } = options;
  /** When each running job began, the oldest first. */
  const begun = new Map<symbol, number>();
  let hasStarted = false;
  let looksStarved = 0;
  let looksAnswered = 0;
  let asking: Promise<number> | undefined;

  async function look(): Promise<void> {
    // Commands to a Redis that is away wait in line: one is enough.
    asking ??= countWaiting().finally(() => {
      asking = undefined;
    });
    const waiting = await within(lookEveryMs, asking).catch(() => undefined);
    const isStarved = waiting !== undefined && waiting > 0 && begun.size < concurrency && !hasStarted;
    looksAnswered = waiting === undefined ? 0 : looksAnswered + 1;
    looksStarved = isStarved ? looksStarved + 1 : 0;
    hasStarted = false;
  }

  let timer: NodeJS.Timeout;
  function lookAgain(): void {
    timer = setTimeout(() => void look().finally(lookAgain), lookEveryMs).unref();
  }
  lookAgain();

  return {
    async track(job) {
      const id = Symbol('job');
      begun.set(id, performance.now());
      hasStarted = true;
      try {
        await job();
      } finally {
        begun.delete(id);
      }
    },
    running: () => begun.size,
    async isAlive() {
      if (looksStarved * lookEveryMs >= stuckAfterMs) {
        throw new Error(`jobs wait and none was taken in ${Math.round((looksStarved * lookEveryMs) / 1_000)} s`);
      }
      const [oldest = Number.POSITIVE_INFINITY] = begun.values();
      const ranMs = Math.min(performance.now() - oldest, looksAnswered * lookEveryMs);
      if (ranMs > jobMaxMs) throw new Error(`a job has run for ${Math.round(ranMs / 1_000)} s`);
    },
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}
