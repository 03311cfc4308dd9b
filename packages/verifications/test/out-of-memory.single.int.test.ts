import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Harness, startHarness, wrongCode } from './harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(async () => {
  await harness.redis.config('SET', 'maxmemory', '0');
  await harness.close();
});

test('a Redis out of memory opens nothing, but settles and judges what is open', async () => {
  const sent = await harness.open();
  const claimed = await harness.deliveries.claim(sent.deliveryId, 7_000);
  if (claimed.result !== 'claimed') throw new Error(claimed.result);
  await harness.redis.config('SET', 'maxmemory', '1');
  await expect(harness.open()).rejects.toThrow(/OOM/);
  const accepted = { kind: 'end', status: 'accepted' } as const;
  const settlement = { provider: 'twilio', countsAsCall: true, outcome: 'accepted', next: accepted } as const;
  expect(await harness.deliveries.settle(claimed.attempt, settlement)).toBe('settled');
  expect(await harness.judge(sent.id, wrongCode(claimed.code))).toMatchObject({ result: 'incorrect' });
  expect(await harness.judge(sent.id, claimed.code)).toMatchObject({ result: 'approved' });
});
