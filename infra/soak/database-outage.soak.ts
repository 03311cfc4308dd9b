import { test } from 'vitest';
import { expectServedWhileAway, prepareDatabaseOutage } from './database-outage.ts';

const run = prepareDatabaseOutage();

test('MongoDB stopped and killed for 10 min at 50 sends/s: no call fails, and the events rebuild each state', async ({
  skip,
}) => {
  const options = {
    seconds: 660,
    opensPerSecond: 50,
    killEverySeconds: 15,
    awayAtSecond: 30,
    awaySeconds: 600,
    seed: 2,
  };
  expectServedWhileAway(await run(options, skip));
}, 2_400_000);
