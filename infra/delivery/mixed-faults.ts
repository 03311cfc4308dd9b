import { setTimeout as delay } from 'node:timers/promises';
import { FAULT_MODES, PROVIDERS } from '@watchword/sandbox';
import type { Platform } from '@watchword/testkit';

const FAULTS = FAULT_MODES.filter((mode) => mode !== 'ok');

export interface MixedFaults {
  readonly forMs: number;
  readonly everyMs: number;
  readonly draw: () => number;
  /** Ends it sooner, with an AbortError. */
  readonly signal: AbortSignal;
}

/** Each `everyMs` another few providers misbehave, each in its own way, while all others do not. Ends with none. Resolves with how many. */
export async function mixFaults(platform: Platform, { forMs, everyMs, draw, signal }: MixedFaults): Promise<number> {
  let set = 0;
  for (let past = 0; past < forMs; past += everyMs) {
    await platform.clearFaults();
    for (const provider of PROVIDERS) {
      // A quarter of them at a time; each of the rest is what the others' messages go through.
      if (draw() >= 0.25) continue;
      const mode = FAULTS[Math.floor(draw() * FAULTS.length)] ?? 'down';
      await platform.setFault(provider, { mode });
      set += 1;
    }
    await delay(Math.min(everyMs, forMs - past), undefined, { signal });
  }
  await platform.clearFaults();
  return set;
}
