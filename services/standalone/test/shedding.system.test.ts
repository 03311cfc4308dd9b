import {
  eventually,
  freshNumber,
  type Platform,
  startPlatform,
  startTestRedis,
  type TestRedis,
} from '@watchword/testkit';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';

const MAXMEMORY_SPARE = 10 * 1024 * 1024;
const AT_ONCE = 20;
const ROUNDS_MAX = 500;

let redis: TestRedis;
let client: Redis;
let platform: Platform;

beforeAll(async () => {
  redis = await startTestRedis(() => undefined);
  client = new Redis(redis.url);
  // Nobody records: what Redis holds grows with each event, as it does while the database is away.
  platform = await startPlatform({ env: { REDIS_URL: redis.url }, without: ['recorder'] });
  const { used } = await memory();
  await client.config('SET', 'maxmemory', String(used + MAXMEMORY_SPARE));
});

afterAll(async () => {
  await platform.stop();
  client.disconnect();
  await redis.stop();
});

async function memory() {
  const info = await client.info('memory');
  const figure = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1]);
  return { used: figure('used_memory'), share: figure('used_memory') / figure('maxmemory') };
}

async function openUntilShed() {
  const opened: { id: string; to: string }[] = [];
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const numbers = Array.from({ length: AT_ONCE }, freshNumber);
    const answers = await Promise.all(numbers.map((to) => platform.open(to)));
    opened.push(
      ...answers.flatMap(({ status, body }, at) =>
        status === 202 ? [{ id: body.id, to: numbers[at] as string }] : [],
      ),
    );
    const refused = answers.find(({ status }) => status !== 202);
    if (refused) return { opened, refused };
  }
  throw new Error('nothing was ever shed');
}

test('opening is shed at 70 % of Redis’ memory while checks go on, and comes back when the recorder does', async () => {
  const { opened, refused } = await openUntilShed();
  expect(refused.status).toBe(503);
  expect(refused.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
  const { share } = await memory();
  expect(share).toBeGreaterThan(0.68);
  expect(share).toBeLessThan(0.85);

  const last = opened.at(-1) as { id: string; to: string };
  // Behind all that was opened before it.
  const { code } = await platform.waitForMessage(last.to, 60_000);
  const judged = await platform.check(last.id, code ?? '');
  expect(judged).toMatchObject({ status: 200, body: { valid: true, result: 'approved' } });
  // Judged before its pacing, which would refuse it, too.
  const resent = await platform.call('POST', `/v1/verifications/${opened.at(-2)?.id}/resend`, {});
  expect(resent).toMatchObject({ status: 503, body: { code: 'unavailable' } });

  await platform.startService('recorder', { REDIS_URL: redis.url });
  await eventually('opening is taken again', 60_000, async () =>
    (await platform.open(freshNumber())).status === 202 ? true : undefined,
  );
}, 180_000);
