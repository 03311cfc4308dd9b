import type { Platform } from '@watchword/testkit';
import { afterAll, beforeAll, test } from 'vitest';
import { expectExactRecords } from './expect-exact-records.ts';
import { soak, startSoakPlatform } from './soak.ts';

let platform: Platform;
beforeAll(async () => {
  platform = await startSoakPlatform();
});
afterAll(() => platform.stop());

test('1 min at 50 sends/s, recorder killed every 5 s, database locked for 8 s: events rebuild each state', async () => {
  expectExactRecords(
    await soak(platform, {
      seconds: 60,
      opensPerSecond: 50,
      killEverySeconds: 5,
      lockAtSecond: 22,
      lockSeconds: 8,
      seed: 1,
    }),
  );
}, 240_000);
