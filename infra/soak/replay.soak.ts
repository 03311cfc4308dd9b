import type { Platform } from '@watchword/testkit';
import { afterAll, beforeAll, test } from 'vitest';
import { expectExactRecords } from './expect-exact-records.ts';
import { soak, startSoakPlatform } from './soak.ts';

let platform: Platform;
beforeAll(async () => {
  platform = await startSoakPlatform();
});
afterAll(() => platform.stop());

test('10 min at 50 sends/s, recorder killed every 5 s, database locked for a minute: events rebuild each state', async () => {
  expectExactRecords(
    await soak(platform, {
      seconds: 600,
      opensPerSecond: 50,
      killEverySeconds: 5,
      lockAtSecond: 240,
      lockSeconds: 60,
      seed: 1,
    }),
  );
});
