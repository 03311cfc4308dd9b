import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Harness, NO_PACING, opened, openInput, policy, startHarness } from './harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.close());

/**
 * As the version before left a verification after a resend: deliveries 1 and 2, each a send with a code of its own, and no word
 * of channels, sends or plans.
 */
async function openEarlier() {
  const sent = await harness.open({}, NO_PACING);
  const oldCode = await harness.codeOf(sent.deliveryId);
  const again = opened(await harness.verifications.resend(sent.id, undefined, NO_PACING, harness.call()));
  const key = harness.keysOf(sent).verification;
  const fields = await harness.redis.hkeys(key);
  // The test is worth nothing if one of these says what was not said then.
  expect(fields.filter((field) => /^([vd]\d+|[NWwAK])$/.test(field))).toEqual([]);
  return { sent, oldCode, second: again.deliveryId, key };
}

test('what the version before wrote of a plain verification is what this one writes: none reads the other’s wrong', async () => {
  const { sent, key } = await openEarlier();
  const fields = (await harness.redis.hkeys(key)).filter((field) => !/^[ay]1$/.test(field));
  const sends = ['s', 'x', 'h', 'c'].flatMap((name) => [`${name}1`, `${name}2`]);
  expect(fields.toSorted()).toEqual(
    ['p', 'm', 'u', 'C', 's', 'b', 'c', 'g', 'n', 'q', 'f', 'l', 'o', 'x', 'T', 'R', 't', ...sends].toSorted(),
  );
  expect(await harness.read(sent)).toMatchObject({
    addresses: { phone: sent.destination },
    deliveries: [
      { channel: 'sms', status: 'sending' },
      { channel: 'sms', status: 'queued' },
    ],
  });
});

test('its deliveries are claimed, settled and told of by receipts, as SMS with codes of their own', async () => {
  const { sent, oldCode, second } = await openEarlier();
  const claimed = await harness.claim(second);
  expect(claimed).toMatchObject({ channel: 'sms', destination: sent.destination, onUnknown: 'resend' });
  expect(claimed.code).not.toBe(oldCode);
  expect(await harness.settle(claimed, 'accepted')).toBe('settled');
  expect(await harness.receive(claimed, 'undelivered')).toBe('applied');
  expect(await harness.read(sent)).toMatchObject({ undeliverable: true });
  expect(await harness.receive(claimed, 'delivered')).toBe('applied');
  expect(await harness.read(sent)).toMatchObject({ undeliverable: false });
});

test('either code verifies; a resend over any of its channels is its third send', async () => {
  const { sent, oldCode, key } = await openEarlier();
  const third = opened(await harness.verifications.resend(sent.id, 'voice', NO_PACING, harness.call()));
  expect(third.deliveries).toEqual([{ id: sent.deliveryId.replace(/1$/, '3'), channel: 'voice' }]);
  expect(await harness.verifications.resend(sent.id, 'email', NO_PACING, harness.call())).toMatchObject({
    result: 'no_address',
  });
  const fourth = opened(await harness.verifications.resend(sent.id, undefined, NO_PACING, harness.call()));
  expect(fourth.deliveries).toMatchObject([{ channel: 'sms' }]);
  expect((await harness.redis.hkeys(key)).filter((field) => /^h\d/.test(field)).toSorted()).toEqual(['h2', 'h3', 'h4']);
  expect(await harness.judge(sent.id, oldCode)).toMatchObject({ result: 'incorrect' });
  expect(await harness.judge(sent.id, await harness.codeOf(third.deliveryId))).toMatchObject({ result: 'approved' });
});

test('a workflow may begin on it: the codes of before stay valid among the last three sends', async () => {
  const { sent, oldCode } = await openEarlier();
  const steps = [{ channel: 'whatsapp', timeout_s: 30 }, { channel: 'voice' }] as const;
  const input = openInput({ addresses: { phone: sent.destination }, plan: { kind: 'in_turn', steps } });
  const again = await harness.open(input, NO_PACING);
  expect(again).toMatchObject({ id: sent.id, deliveries: [{ channel: 'whatsapp' }] });
  const claimed = await harness.claim(again.deliveryId);
  await harness.settle(claimed, 'transient');
  const next = await harness.claim(sent.deliveryId.replace(/1$/, '4'));
  expect(next).toMatchObject({ channel: 'voice', code: claimed.code });
  expect(await harness.judge(sent.id, oldCode)).toMatchObject({ result: 'approved' });
});

test('a workflow whose verification the version before has ended, as long as both run, begins no step any more', async () => {
  const steps = [{ channel: 'whatsapp', timeout_s: 30 }, { channel: 'voice' }] as const;
  const sent = await harness.open({ plan: { kind: 'in_turn', steps } });
  const key = harness.keysOf(sent).verification;
  // It did not know that there is something to stop.
  await harness.redis.hset(key, 's', 'approved', 's1', 'skipped');
  harness.travel(30_001);
  await harness.drain();
  expect(await harness.redis.hget(key, 'n')).toBe('1');
});

test('what is due of it is enqueued for its channel, and it expires', async () => {
  const { sent, second } = await openEarlier();
  harness.travel(2_001);
  expect(await harness.drain()).toContainEqual(
    expect.objectContaining({ action: 'enqueue', deliveryId: second, channel: 'sms' }),
  );
  harness.travel(300_000);
  await harness.drain();
  expect(await harness.read(sent)).toMatchObject({ status: 'expired' });
});

test('what an operation was answered then is answered now', async () => {
  const input = openInput();
  const call = harness.call({ operation: `op-${harness.project}` });
  const sent = opened(await harness.verifications.open(input, policy, call));
  const key = harness.keysOf(sent).operation(call.operation);
  const { channels, ...earlier } = JSON.parse((await harness.redis.get(key)) ?? '') as Record<string, unknown>;
  expect(channels).toEqual(['sms']);
  await harness.redis.set(key, JSON.stringify(earlier));
  expect(await harness.verifications.open(input, policy, call)).toMatchObject({ deliveries: sent.deliveries });
  expect(await harness.verifications.sentBefore(input.addresses, call)).toMatchObject({ deliveries: sent.deliveries });
});
