import { CRASH_MOMENTS, killWorkerInFlight, type Platform, startPlatform } from '@watchword/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';

const ROUNDS = 50;

let platform: Platform;
// One for each moment: all that it logs is kept, to be searched for leaks.
beforeEach(async () => {
  platform = await startPlatform({ without: ['worker'] });
});
afterEach(() => platform.stop());

test.each(CRASH_MOMENTS)(
  `kill -9 of a worker with 50 sends in flight, %s, ${ROUNDS} rounds`,
  async (moment) => {
    const copies: number[] = [];
    const arrivals: number[] = [];
    for (let round = 1; round <= ROUNDS; round += 1) {
      const report = await killWorkerInFlight(platform, moment);
      process.stdout.write(`${moment}, round ${round} of ${ROUNDS}: ${JSON.stringify(report)}\n`);
      copies.push(report.copiesMax);
      arrivals.push(report.lastArrivalMs);
    }
    process.stdout.write(`${moment}: at most ${Math.max(...copies)} copies, ${Math.max(...arrivals)} ms\n`);
    expect(Math.max(...copies)).toBeLessThanOrEqual(2);
    expect(Math.max(...arrivals)).toBeLessThan(15_000);
  },
  1_800_000,
);
