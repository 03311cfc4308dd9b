import { setTimeout as delay } from 'node:timers/promises';
import type { Slot } from '@watchword/delivery';
import { SLOT_HORIZON_MS } from '../domain/next-step.ts';
import type { Candidate, SendRate } from '../ports.ts';

export interface TakeTurnDeps {
  readonly rate: SendRate;
  readonly wait?: (ms: number) => Promise<unknown>;
}

const GO = { kind: 'go' } as const;

/** Turns at accounts that get only so many messages in a second. */
export function createTakeTurn({ rate, wait = delay }: TakeTurnDeps) {
  const reserve = (account: string, sendsPerSecond: number, deliveryId: string, horizonMs: number) =>
    rate.reserve({ account, sendsPerSecond, deliveryId, horizonMs });

  return {
    /**
     * Waits for the delivery's turn at a candidate; `go` means now. One that is further ahead than `until` (of
     * `performance.now`) is told at once; it has been reserved only if it was before.
     */
    async takeTurn({ account, sendsPerSecond }: Candidate, deliveryId: string, until: number): Promise<Slot> {
      if (sendsPerSecond === undefined) return GO;
      for (;;) {
        const leftMs = Math.max(0, until - performance.now());
        const slot = await reserve(account, sendsPerSecond, deliveryId, leftMs);
        if (slot.kind === 'go' || slot.waitMs > leftMs) return slot;
        await wait(slot.waitMs);
      }
    },

    /** Reserves a turn to come back for. */
    async keepTurn({ account, sendsPerSecond }: Candidate, deliveryId: string): Promise<Slot> {
      return sendsPerSecond === undefined ? GO : reserve(account, sendsPerSecond, deliveryId, SLOT_HORIZON_MS);
    },
  };
}
