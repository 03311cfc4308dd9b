import { type Clock, defineScript, loadLua, type RedisConnection } from '@watchword/platform';
import { z } from 'zod';

const reserveScript = defineScript({
  lua: loadLua(import.meta.url, '../../lua/rate-reserve.lua'),
  keys: ['slots', 'calls'],
  reply: z.union([
    z.tuple([z.literal('go')]),
    z.tuple([z.literal('wait'), z.int(), z.union([z.literal(0), z.literal(1)])]),
  ]),
});

export interface SlotWanted {
  /** What the bound is on: an account, whatever channels it carries. Named as its circuit of the kind's first channel. */
  readonly account: string;
  readonly sendsPerSecond: number;
  readonly deliveryId: string;
  /** How far ahead a slot may be for it to be reserved. */
  readonly horizonMs: number;
}

/**
 * `go`: call now, and at once. `wait`: ask again after `waitMs`; when the slot is reserved, it is kept for the delivery for
 * a few seconds past its time.
 */
export type Slot =
  | { readonly kind: 'go' }
  | { readonly kind: 'wait'; readonly waitMs: number; readonly isReserved: boolean };

/** How many messages in a second an account gets, from all workers together. */
export interface SendRate {
  reserve(wanted: SlotWanted): Promise<Slot>;
}

/**
 * From the word `go` to the call's arrival at the provider is sometimes longer and sometimes shorter: that much is added to
 * each second, so that none of the provider's own seconds sees one too many.
 */
const JITTER_MS = 100;
const WINDOW_MS = 1_000 + JITTER_MS;
/** The due set brings a delivery back within a second of its time, and the queue in front of a busy worker may add some. */
const KEPT_MS = 5_000;

/** A `go` that took longer to arrive was counted for another time than that of its call. */
const FRESH_MS = JITTER_MS / 2;
/** Where every answer takes long, all are late by as much, and no two calls come closer for it. */
const STALE_ANSWERS_MAX = 2;

/** One script in the slot of the account's circuit. */
export function createSendRate(redis: RedisConnection, clock: Pick<Clock, 'now'>): SendRate {
  async function ask(wanted: SlotWanted, isLate: boolean): Promise<Slot> {
    const { account, sendsPerSecond, deliveryId } = wanted;
    const keys = { slots: `ww:{h:${account}}:slots`, calls: `ww:{h:${account}}:calls` };
    const horizonMs = Math.max(0, Math.round(wanted.horizonMs));
    const given = [clock.now(), sendsPerSecond, WINDOW_MS, deliveryId, horizonMs, KEPT_MS, isLate ? '1' : ''];
    const [kind, waitMs = 0, reserved] = await reserveScript(redis, keys, given);
    return kind === 'go' ? { kind } : { kind, waitMs, isReserved: reserved === 1 };
  }

  return {
    async reserve(wanted) {
      for (let stale = 0; ; stale += 1) {
        const askedAt = performance.now();
        const slot = await ask(wanted, stale > 0);
        const isFresh = performance.now() - askedAt <= FRESH_MS;
        if (slot.kind !== 'go' || isFresh || stale >= STALE_ANSWERS_MAX) return slot;
      }
    },
  };
}
