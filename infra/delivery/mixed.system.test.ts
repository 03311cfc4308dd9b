import type { Platform } from '@watchword/testkit';
import { afterAll, beforeAll, test } from 'vitest';
import { expectAccountedFor, soakDelivery, startDeliverySoakPlatform } from './soak-delivery.ts';

let platform: Platform;
beforeAll(async () => {
  platform = await startDeliverySoakPlatform();
});
afterAll(() => platform.stop());

test('1 min of mixed faults on all channels at 50 sends/s: every delivery is accounted for, and none is stuck', async ({
  signal,
}) => {
  expectAccountedFor(
    await soakDelivery(platform, { seconds: 60, sendsPerSecond: 50, faultEverySeconds: 4, seed: 7 }, signal),
  );
}, 240_000);
