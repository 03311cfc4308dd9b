import { setTimeout as delay } from 'node:timers/promises';
import type { Platform } from '@watchword/testkit';
import { FAULTS } from './lanes.ts';

const PROVIDERS = ['twilio', 'vonage', 'vonage_messages', 'whatsapp_cloud', 'wati', 'smtp', 'fcm'] as const;

/** Numbers from 0 to 1 that hang on the seed alone. Source: mulberry32. */
export function createDraw(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface MixedFaults {
  readonly forMs: number;
  readonly everyMs: number;
  readonly draw: () => number;
}

/** Each `everyMs` another few providers misbehave, each in its own way, while all others do not. Ends with none. Resolves with how many. */
export async function mixFaults(platform: Platform, { forMs, everyMs, draw }: MixedFaults): Promise<number> {
  let set = 0;
  for (let past = 0; past < forMs; past += everyMs) {
    await platform.clearFaults();
    for (const provider of PROVIDERS) {
      // A quarter of them at a time; each of the rest is what the others' messages go through.
      if (draw() >= 0.25) continue;
      const mode = FAULTS[1 + Math.floor(draw() * (FAULTS.length - 1))] ?? 'down';
      await platform.setFault(provider, { mode });
      set += 1;
    }
    await delay(Math.min(everyMs, forMs - past));
  }
  await platform.clearFaults();
  return set;
}
