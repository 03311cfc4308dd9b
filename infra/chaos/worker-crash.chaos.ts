import { killWorkerInFlight, type Platform, startPlatform } from '@watchword/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

const ROUNDS = 20;

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform({ without: ['worker'] });
});
afterAll(() => platform.stop());

test(`kill -9 of a worker with 50 sends in flight, ${ROUNDS} rounds`, async () => {
  for (let round = 1; round <= ROUNDS; round += 1) {
    const fate = round % 2 === 0 ? 'taken' : 'lost';
    const report = await killWorkerInFlight(platform, fate);
    process.stdout.write(`round ${round} of ${ROUNDS}, messages ${fate}: ${JSON.stringify(report)}\n`);
    expect(report.copiesMax).toBeLessThanOrEqual(2);
    expect(report.lastArrivalMs).toBeLessThan(15_000);
  }
});
