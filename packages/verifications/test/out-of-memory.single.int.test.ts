import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createErasure } from '../src/erasure.ts';
import { createReceipts } from '../src/receipts.ts';
import { createSealer } from '../src/seal.ts';
import { type Harness, openInput, policy, startHarness, wrongCode } from './harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterEach(() => harness.redis.config('SET', 'maxmemory', '0'));
afterAll(() => harness.close());

const LEASE_MS = 7_000;
const accepted = {
  provider: 'twilio',
  countsAsCall: true,
  outcome: 'accepted',
  expectsReceipt: true,
  next: { kind: 'end', status: 'accepted' },
} as const;

async function claim(deliveryId: string) {
  const claimed = await harness.deliveries.claim(deliveryId, LEASE_MS);
  if (claimed.result !== 'claimed') throw new Error(claimed.result);
  return claimed;
}

const fill = () => harness.redis.config('SET', 'maxmemory', '1');

test('a Redis out of memory opens and resends nothing, but delivers, judges and ends what is open', async () => {
  const { redis, clock, keys, verifications } = harness;
  const sent = await harness.open();
  const paced = await harness.open({}, { pacingSeconds: [0] });
  await fill();
  await expect(redis.set('ww:{any}', '1')).rejects.toThrow(/OOM/);
  await expect(harness.open()).rejects.toThrow(/OOM/);
  await expect(verifications.resend(paced.id, 'sms', policy, harness.call())).rejects.toThrow(/OOM/);

  const { attempt, code } = await claim(sent.deliveryId);
  expect(await harness.deliveries.settle(attempt, accepted)).toBe('settled');
  const receipts = createReceipts({ redis, clock, idKey: keys.idKey });
  const receipt = { attemptId: attempt.id, provider: 'twilio', mode: 'test', status: 'delivered' } as const;
  expect(await receipts.receive(receipt)).toBe('applied');
  expect(await harness.judge(sent.id, wrongCode(code))).toMatchObject({ result: 'incorrect' });
  expect(await harness.judge(sent.id, code)).toMatchObject({ result: 'approved' });
  expect(await verifications.consumeToken(sent.id, false, harness.call())).toBe('consumed');
  expect(await verifications.cancel(paced.id, harness.call())).toEqual({ result: 'canceled' });
});

test('a Redis out of memory counts a guess for each of several addresses, and gives it back', async () => {
  const addresses = { phone: openInput().destination, email: 'full@example.com' };
  const sent = await harness.open({ addresses, plan: { kind: 'at_once', channels: ['sms', 'email'] } });
  await fill();
  const { code } = await claim(sent.deliveryId);
  const streak = () => harness.redis.hget(harness.destinationKeyOf(addresses.email), 'k');
  expect(await harness.judge(sent.id, wrongCode(code))).toMatchObject({ result: 'incorrect' });
  expect(await streak()).toBe('1');
  expect(await harness.judge(sent.id, code)).toMatchObject({ result: 'approved' });
  expect(await streak()).toBeNull();
});

test('a Redis out of memory follows up what is due, and erases', async () => {
  const { redis, clock, keys } = harness;
  const sent = await harness.open();
  const erased = await harness.open();
  harness.travel(2_001);
  await fill();
  const due = await harness.drain();
  expect(due.filter(({ action }) => action === 'enqueue').length).toBeGreaterThanOrEqual(2);
  const asked = { ...harness.call(), key: '', requestId: 'request-1' };
  const erasure = createErasure({ redis, clock, idKey: keys.idKey, sealer: createSealer(keys.sealKeys) });
  // Of no purpose, so that nothing is written before the entry: Redis stops no script that has begun to write.
  expect(await erasure.erase(openInput().destination, [], asked)).toHaveProperty('id');
  expect(await erasure.forget([erased.id.slice('ver_'.length)])).toBe(1);
  expect((await harness.timelineOf(erased.id)).at(-1)?.type).toBe('verification.canceled');
  harness.travel(300_000);
  await harness.drain();
  expect((await harness.timelineOf(sent.id)).at(-1)?.type).toBe('verification.expired');
});
