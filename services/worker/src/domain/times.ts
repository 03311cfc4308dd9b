import { PLANNED_PROVIDERS_MAX } from '@watchword/delivery';

/**
 * The times that lie behind one another in a delivery, from the shortest:
 *
 *   slot wait     < settle margin: who waits for his turn at a capped provider still calls within his lease
 *   stall check   < lock         : a live job renews its lock before anybody looks for dead ones
 *   provider call < lease        : a call ends, and is settled, before a successor may claim
 *   lease         < least life   : what is claimed is settled before its code dies
 *   lock + checks < watch        : a consumer is called stuck later than a dead one's jobs come back
 *   one attempt   < job          : a job is called stuck only when it outlasts all that it may do
 *
 * A dead worker's delivery comes back when its lock has ended and been noticed, or with the due set when its lease has ended,
 * whichever is first to be granted a claim. `times.test.ts` holds the order, with what the platform ships.
 */

/** A claim outlives the provider call by this much, so that the turn can be waited for and the result still be settled. */
export const SETTLE_MARGIN_MS = 2_000;
/** How long a job waits for its slot at a provider that is capped; a later one is left to the due set. */
export const SLOT_WAIT_MS = 1_000;
/** Redis being away: how long a result is kept for it. */
export const SETTLE_GIVE_UP_MS = 90_000;
/** No claim is granted for a code that is dead. */
const CODE_LIFE_MS_MAX = 600_000;

export const leaseOf = (providerTimeoutMs: number) => providerTimeoutMs + SETTLE_MARGIN_MS;

/** No job runs longer while Redis answers: each provider once, and what came of it settled or given up. */
export function jobMaxMsOf(platformProviders: number, providerTimeoutMs: number): number {
  const attemptMs = leaseOf(providerTimeoutMs) + SETTLE_GIVE_UP_MS;
  return Math.min(Math.max(platformProviders, PLANNED_PROVIDERS_MAX) * attemptMs, CODE_LIFE_MS_MAX + attemptMs);
}
