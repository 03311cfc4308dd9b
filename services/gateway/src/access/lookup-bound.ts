import { addressBlockOf } from '../domain/address-block.ts';

const WINDOW_MS = 1_000;
const MISSES_MAX = 20;
const ADDRESSES_MAX = 10_000;

/**
 * Bounds the look-ups that one address can cause with keys that nobody has, in this process: it costs Redis nothing to refuse
 * one more. Only for a second, since whoever shares the address (a proxy) may come with a key that is new to this process;
 * guessing is not the danger, with 154 bits to guess.
 */
export function createLookupBound(now: () => number = () => performance.now()) {
  const misses = new Map<string, number>();
  let windowEndsAt = 0;

  function current(): Map<string, number> {
    if (now() >= windowEndsAt) {
      misses.clear();
      windowEndsAt = now() + WINDOW_MS;
    }
    return misses;
  }

  return {
    isReached: (address: string): boolean => (current().get(addressBlockOf(address)) ?? 0) >= MISSES_MAX,
    countMiss(address: string): void {
      const counts = current();
      const block = addressBlockOf(address);
      if (counts.has(block) || counts.size < ADDRESSES_MAX) counts.set(block, (counts.get(block) ?? 0) + 1);
    },
  };
}
