import { test } from 'vitest';
import { expectServedWhileAway, prepareDatabaseOutage } from './database-outage.ts';

const run = prepareDatabaseOutage();

test('MongoDB stopped and killed for 1 min at 50 sends/s: no call fails, and the events rebuild each state', async ({
  skip,
}) => {
  const options = { seconds: 90, opensPerSecond: 50, killEverySeconds: 15, awayAtSecond: 15, awaySeconds: 60, seed: 2 };
  expectServedWhileAway(await run(options, skip));
}, 400_000);
