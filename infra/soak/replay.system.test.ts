import type { Platform } from '@watchword/testkit';
import { afterAll, beforeAll, test } from 'vitest';
import { expectExactRecords } from './expect-exact-records.ts';
import { soak, startSoakPlatform } from './soak.ts';
import { lockedFile } from './soak-database.ts';

let platform: Platform;
beforeAll(async () => {
  platform = await startSoakPlatform(lockedFile);
});
afterAll(() => platform.stop());

test('1 min at 50 sends/s, recorder killed every 5 s, database locked for 8 s: events rebuild each state', async () => {
  expectExactRecords(
    await soak(platform, lockedFile, {
      seconds: 60,
      opensPerSecond: 50,
      killEverySeconds: 5,
      awayAtSecond: 22,
      awaySeconds: 8,
      seed: 1,
    }),
  );
}, 300_000);
