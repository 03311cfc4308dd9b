import { expect } from 'vitest';
import type { SoakReport } from './soak.ts';

const SHOWN = 20;
const LIFE_CYCLES = 17;
/** Of all calls: what a busy machine may refuse. A tenth of them are made while the database is locked. */
const REFUSED_MAX = 0.05;

/** Prints the figures; fails on any call that was never answered as it should be, any event set aside and any difference, and on a run that tried nothing. */
export function expectExactRecords({ figures, failures, poison, differences }: SoakReport): void {
  process.stdout.write(`soak: ${JSON.stringify(figures)}\n`);
  // Soft, so that a refused call does not hide what is wrong with the records.
  expect.soft({ failed: failures.length, first: failures.slice(0, SHOWN) }).toEqual({ failed: 0, first: [] });
  expect.soft(poison).toEqual([]);
  expect.soft({ differ: differences.length, first: differences.slice(0, SHOWN) }).toEqual({ differ: 0, first: [] });
  const { seconds, opensPerSecond, killEverySeconds, opened, verifications, kills, led } = figures;
  expect.soft(figures.refused / figures.calls).toBeLessThan(REFUSED_MAX);
  expect.soft(opened).toBe(seconds * opensPerSecond);
  expect.soft(verifications).toBe(opened);
  expect.soft(kills).toBeGreaterThanOrEqual(Math.floor(seconds / killEverySeconds) - 2);
  expect.soft(Object.keys(led)).toHaveLength(LIFE_CYCLES);
  expect.soft(Object.keys(figures.ended).toSorted()).toEqual(['approved', 'canceled', 'exhausted', 'expired']);
}
