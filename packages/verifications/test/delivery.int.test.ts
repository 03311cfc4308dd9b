import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDeliveries } from '../src/create-deliveries.ts';
import { type Harness, LEASE_MS, openInput, policy, startHarness } from './harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.close());

const accepted = (provider: string) =>
  ({
    provider,
    countsAsCall: true,
    outcome: 'accepted',
    providerMessageId: 'SM1',
    expectsReceipt: true,
    next: { kind: 'end', status: 'accepted' },
  }) as const;
const statusOf = async (id: string) =>
  (await harness.verifications.read(id, harness.owner))?.deliveries.map(({ status }) => status);
const drain = async (id: string) =>
  (await harness.drain()).filter((due) => due.action === 'enqueue' && due.deliveryId.includes(id.slice(4)));

test('of two workers that hold the same delivery one may send', async () => {
  const sent = await harness.open();
  const results = await Promise.all(
    Array.from({ length: 20 }, () => harness.deliveries.claim(sent.deliveryId, LEASE_MS).then(({ result }) => result)),
  );
  expect(results.filter((result) => result === 'claimed')).toHaveLength(1);
  expect(new Set(results)).toEqual(new Set(['claimed', 'leased']));
});

test('a settled attempt ends the delivery with its provider in the timeline', async () => {
  const sent = await harness.open();
  const { attempt } = await harness.claim(sent.deliveryId);
  expect(await harness.deliveries.settle(attempt, accepted('twilio'))).toBe('settled');
  expect(await statusOf(sent.id)).toEqual(['accepted']);
  expect(await harness.deliveries.claim(sent.deliveryId, LEASE_MS)).toEqual({ result: 'ended' });
  const settled = (await harness.timelineOf(sent.id)).find(({ type }) => type === 'attempt.settled');
  expect(settled?.data).toMatchObject({ provider: 'twilio', outcome: 'accepted', provider_message_id: 'SM1' });
});

test('a claim that was superseded after its lease changes nothing', async () => {
  const sent = await harness.open();
  const dead = await harness.claim(sent.deliveryId);
  harness.travel(LEASE_MS + 1);
  const alive = await harness.claim(sent.deliveryId);
  expect(alive.code).toBe(dead.code);
  expect(await harness.deliveries.settle(dead.attempt, accepted('twilio'))).toBe('stale');
  expect(await statusOf(sent.id)).toEqual(['sending']);
  expect(await harness.deliveries.settle(alive.attempt, accepted('vonage'))).toBe('settled');
});

test('a claim says when nobody settled the attempt before it, and only then', async () => {
  const sent = await harness.open();
  expect((await harness.claim(sent.deliveryId)).isAfterLease).toBe(false);
  harness.travel(LEASE_MS + 1);
  const { attempt, isAfterLease } = await harness.claim(sent.deliveryId);
  expect(isAfterLease).toBe(true);
  const later = { kind: 'later', delayMs: 1_000 } as const;
  const waiting = {
    provider: null,
    countsAsCall: false,
    outcome: 'transient',
    expectsReceipt: false,
    next: later,
  } as const;
  expect(await harness.deliveries.settle(attempt, waiting)).toBe('settled');
  expect((await harness.claim(sent.deliveryId)).isAfterLease).toBe(false);
});

test('a claim gives what the message is made of, also of what an earlier version opened', async () => {
  const context = { locale: 'pt-BR', client: { ip: '192.0.2.1' } };
  const sent = await harness.open({ country: 'BR', context });
  expect(await harness.claim(sent.deliveryId)).toMatchObject({
    locale: 'pt-BR',
    country: 'BR',
    destination: sent.destination,
  });
  const plain = await harness.open({ country: '+1' });
  const key = harness.keysOf(plain).verification;
  expect(await harness.redis.hget(key, 'C')).toBe('+1');
  await harness.redis.hdel(key, 'C');
  expect(await harness.claim(plain.deliveryId)).toMatchObject({
    locale: undefined,
    country: undefined,
    purpose: 'login',
  });
});

test('what a call cost and which template it used stand in its event', async () => {
  const sent = await harness.open();
  const { attempt } = await harness.claim(sent.deliveryId);
  await harness.deliveries.settle(attempt, { ...accepted('twilio'), costMicros: 74_100, template: 'shipped' });
  const settled = (await harness.timelineOf(sent.id)).find(({ type }) => type === 'attempt.settled');
  expect(settled?.data).toMatchObject({ cost_micros: 74_100, template: 'shipped' });
});

test('a verification outlives its code by the retention and ten minutes more, for a due set that is behind', async () => {
  const sent = await harness.open({}, { codeTtlMs: 120_000, endedRetentionMs: 1_000 });
  const key = harness.keysOf(sent).verification;
  const least = 120_000 + 1_000 + 10 * 60_000;
  expect(await harness.redis.pttl(key)).toBeGreaterThan(least - 2_000);
  await harness.redis.pexpire(key, 1_000);
  harness.travel(60_000);
  await harness.verifications.resend(sent.id, 'sms', policy, harness.call());
  expect(await harness.redis.pttl(key)).toBeGreaterThan(least - 2_000);
});

test('the due set enqueues a delivery that was never enqueued, and again one whose lease has ended', async () => {
  const sent = await harness.open();
  expect(await drain(sent.id)).toEqual([]);
  harness.travel(2_001);
  expect(await drain(sent.id)).toMatchObject([{ action: 'enqueue', deliveryId: sent.deliveryId, attempts: 0 }]);
  expect(await drain(sent.id)).toEqual([]);
  await harness.claim(sent.deliveryId);
  harness.travel(LEASE_MS + 1);
  expect(await drain(sent.id)).toMatchObject([{ action: 'enqueue', attempts: 1 }]);
  const settled = (await harness.timelineOf(sent.id)).find(({ type }) => type === 'attempt.settled');
  expect(settled?.data).toMatchObject({ outcome: 'unknown', provider_code: 'lease_ended' });
});

test('a word that comes after the lease, before anyone else claimed, still counts', async () => {
  const sent = await harness.open();
  const { attempt } = await harness.claim(sent.deliveryId);
  harness.travel(LEASE_MS + 1);
  await drain(sent.id);
  expect(await harness.deliveries.settle(attempt, accepted('twilio'))).toBe('settled');
  expect(await statusOf(sent.id)).toEqual(['accepted']);
});

test('a failed delivery makes the verification undeliverable; a code that arrived after all still verifies', async () => {
  const sent = await harness.open();
  const { attempt, code } = await harness.claim(sent.deliveryId);
  await harness.deliveries.settle(attempt, {
    provider: 'twilio',
    countsAsCall: true,
    outcome: 'rejected',
    class: 'destination',
    providerCode: '21211',
    expectsReceipt: false,
    next: { kind: 'end', status: 'failed' },
  });
  expect(await harness.verifications.read(sent.id, harness.owner)).toMatchObject({
    undeliverable: true,
    status: 'pending',
  });
  expect(await harness.judge(sent.id, code)).toMatchObject({ result: 'approved' });
});

test('nothing is sent with less than 20 s of life left, nor after the verification has ended', async () => {
  const late = await harness.open();
  const canceled = await harness.open();
  await harness.verifications.cancel(canceled.id, harness.call());
  harness.travel(late.expiresAt - harness.clock.now() - 19_999);
  expect(await harness.deliveries.claim(late.deliveryId, LEASE_MS)).toEqual({ result: 'expired' });
  expect(await statusOf(late.id)).toEqual(['expired_unsent']);
  expect(await harness.deliveries.claim(canceled.deliveryId, LEASE_MS)).toEqual({ result: 'ended' });
  expect(await statusOf(canceled.id)).toEqual(['skipped']);
});

test('a short code may be sent until a third of its life is left', async () => {
  const short = await harness.open({}, { codeTtlMs: 30_000 });
  harness.travel(19_000);
  expect(await harness.deliveries.claim(short.deliveryId, LEASE_MS)).toMatchObject({ result: 'claimed' });
  const shorter = await harness.open({}, { codeTtlMs: 30_000 });
  harness.travel(20_001);
  expect(await harness.deliveries.claim(shorter.deliveryId, LEASE_MS)).toEqual({ result: 'expired' });
});

test('the due set expires what nobody checks, as an event like any other', async () => {
  const sent = await harness.open();
  const { attempt } = await harness.claim(sent.deliveryId);
  await harness.deliveries.settle(attempt, accepted('twilio'));
  harness.travel(300_002);
  await harness.drain();
  const events = await harness.timelineOf(sent.id);
  expect(events.at(-1)).toMatchObject({ type: 'verification.expired', seq: events.length });
  expect(await harness.verifications.read(sent.id, harness.owner)).toMatchObject({ status: 'expired' });
});

test('a claim that waited for Redis past its deadline grants nothing', async () => {
  const sent = await harness.open();
  const late = createDeliveries({
    ...harness.keys,
    redis: harness.redis,
    clock: { now: harness.clock.now, serverNow: () => Date.now() - 1_500 },
  });
  expect(await late.claim(sent.deliveryId, LEASE_MS)).toEqual({ result: 'late' });
  expect(await statusOf(sent.id)).toEqual(['queued']);
});

test('an attempt is settled once, however often it is said', async () => {
  const sent = await harness.open();
  const { attempt } = await harness.claim(sent.deliveryId);
  const again = {
    provider: 'twilio',
    countsAsCall: true,
    outcome: 'transient',
    expectsReceipt: false,
    next: { kind: 'again' },
  } as const;
  expect(await harness.deliveries.settle(attempt, again)).toBe('settled');
  expect(await harness.deliveries.settle(attempt, again)).toBe('stale');
  expect((await harness.claim(sent.deliveryId)).providerCalls).toBe(1);
});

test('every attempt that started is settled in the timeline, also one whose lease another claim found ended', async () => {
  const sent = await harness.open();
  await harness.claim(sent.deliveryId);
  harness.travel(LEASE_MS + 1);
  const { attempt } = await harness.claim(sent.deliveryId);
  await harness.deliveries.settle(attempt, accepted('vonage'));
  const attempts = (await harness.timelineOf(sent.id)).filter(({ type }) => type.startsWith('attempt.'));
  expect(attempts.map(({ type, data }) => `${type} ${data.attempt}`)).toEqual([
    'attempt.started 1',
    'attempt.settled 1',
    'attempt.started 2',
    'attempt.settled 2',
  ]);
});

test('what no provider could be asked for in time is undeliverable, until another code is sent', async () => {
  const sent = await harness.open();
  const { attempt } = await harness.claim(sent.deliveryId);
  const waiting = { provider: null, countsAsCall: false, outcome: 'transient', expectsReceipt: false } as const;
  await harness.deliveries.settle(attempt, { ...waiting, next: { kind: 'later', delayMs: 1_000 } });
  harness.travel(285_000);
  await harness.drain();
  expect(await harness.verifications.read(sent.id, harness.owner)).toMatchObject({ undeliverable: true });
  await harness.verifications.resend(sent.id, 'sms', policy, harness.call());
  expect(await harness.verifications.read(sent.id, harness.owner)).toMatchObject({ undeliverable: false });
});

test('a delivery that found no worker in its life ends expired_unsent, and its verification is undeliverable', async () => {
  const sent = await harness.open();
  harness.travel(300_002);
  expect(await harness.judge(sent.id, '000000')).toMatchObject({ result: 'expired' });
  expect(await harness.verifications.read(sent.id, harness.owner)).toMatchObject({
    undeliverable: true,
    deliveries: [{ status: 'expired_unsent' }],
  });
});

test('one delivery that cannot be followed up keeps no other from it', async () => {
  const input = openInput();
  const sameShard = await harness.open({ ...input, purpose: 'registration' });
  const opened = [await harness.open(input), sameShard, await harness.open()];
  harness.travel(2_001);
  const followedUp: string[] = [];
  const drained = harness.dueSet.drain(async (due) => {
    if (due.action !== 'enqueue') return;
    if (due.deliveryId === opened[0]?.deliveryId) throw new Error('the queue is away');
    // Slower than the failure: the round ends when all of it has.
    await harness.redis.ping();
    followedUp.push(due.deliveryId);
  });
  await expect(drained).rejects.toThrow('the queue is away');
  expect(followedUp).toEqual(expect.arrayContaining(opened.slice(1).map(({ deliveryId }) => deliveryId)));
});

test('a forged or unknown delivery is gone', async () => {
  expect(await harness.deliveries.claim(`del_${'0'.repeat(26)}-1`, LEASE_MS)).toEqual({ result: 'gone' });
  const sent = await harness.open();
  expect(await harness.deliveries.claim(sent.deliveryId.replace(/1$/, '9'), LEASE_MS)).toEqual({ result: 'gone' });
});
