import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Platform } from '../platform.ts';
import { createCaller, type Traffic, Unreached } from './caller.ts';
import { chooseLifeCycle } from './life-cycles.ts';

export interface TrafficOptions {
  readonly seconds: number;
  readonly opensPerSecond: number;
  /** The same seed leads the same life cycles in the same order. */
  readonly seed: number;
}

/**
 * Opens verifications at a constant rate, whatever becomes of those before (an open loop), and leads each through a life
 * cycle. Resolves when the last has been led; what went wrong is in `traffic.failures`.
 */
export async function sendTraffic(platform: Platform, options: TrafficOptions, traffic: Traffic): Promise<void> {
  const startedAt = performance.now();
  const running: Promise<void>[] = [];
  for (let index = 0; index < options.seconds * options.opensPerSecond; index += 1) {
    const waitMs = startedAt + (index * 1_000) / options.opensPerSecond - performance.now();
    if (waitMs > 0) await delay(waitMs);
    running.push(leadOne(platform, traffic, drawsOf(options.seed, index)));
  }
  await Promise.all(running);
}

async function leadOne(platform: Platform, traffic: Traffic, draws: readonly number[]): Promise<void> {
  const { name, lead } = chooseLifeCycle(draws[0] as number);
  const at = new Date().toISOString();
  try {
    await lead(createCaller(platform, traffic, draws));
    traffic.led.set(name, (traffic.led.get(name) ?? 0) + 1);
  } catch (error) {
    if (error instanceof Unreached) traffic.unreached += 1;
    else traffic.failures.push(`${name}, begun at ${at}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Numbers from 0 to 1 that hang on the seed and the place alone, not on what was answered first. */
function drawsOf(seed: number, index: number): number[] {
  const digest = createHash('sha256').update(`${seed} ${index}`).digest();
  return Array.from({ length: digest.length / 4 }, (_, at) => digest.readUInt32BE(at * 4) / 2 ** 32);
}
