import type { Mode } from '@watchword/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createErasure } from '../src/erasure.ts';
import type { CallContext } from '../src/outcomes.ts';
import { createSealer } from '../src/seal.ts';
import { type Harness, type Opened, openInput, policy, startHarness, wrongCode } from './harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.close());

const LIVE = { mode: 'live' } as const;
const PACE_NO_SEND = { pacingSeconds: [0] };
const BOTH_WAYS: readonly (readonly [Mode, Mode])[] = [
  ['live', 'test'],
  ['test', 'live'],
];
const stateOf = ({ id }: Opened, mode: Mode) => harness.verifications.read(id, { ...harness.owner, mode });

/** One of each mode, for the same destination, purpose and binding. */
async function openBoth() {
  const input = openInput();
  const live = await harness.open(input, {}, LIVE);
  return { input, live, test: await harness.open(input) };
}

test.each(BOTH_WAYS)(
  'after an open in %s mode, one in %s mode makes a verification of its own',
  async (first, second) => {
    const input = openInput();
    const before = await harness.open(input, PACE_NO_SEND, { mode: first });
    const after = await harness.open(input, PACE_NO_SEND, { mode: second });
    expect(after.id).not.toBe(before.id);
    // To the other mode's verification nothing was added that would be sent.
    expect((await stateOf(before, first))?.deliveries).toHaveLength(1);
    for (const [sent, mode] of [[before, first] as const, [after, second] as const]) {
      expect(await harness.deliveries.claim(sent.deliveryId, 7_000)).toMatchObject({ result: 'claimed', mode });
    }
  },
);

test('a pointer that leads to the other mode’s verification is no open one', async () => {
  const input = openInput();
  const ofLive = { ...harness.owner, ...LIVE };
  const sandboxed = await harness.open(input);
  await harness.redis.hset(
    harness.destinationKeyOf(input.destination, input.purpose, ofLive),
    'o',
    sandboxed.id.slice('ver_'.length),
  );
  const live = await harness.open(input, {}, LIVE);
  expect(live.id).not.toBe(sandboxed.id);
  expect(await harness.deliveries.claim(live.deliveryId, 7_000)).toMatchObject({ mode: 'live' });
});

test.each(BOTH_WAYS)('a verification in %s mode is not there for a key in %s mode', async (mode, other) => {
  const input = openInput();
  const sent = await harness.open(input, {}, { mode });
  const code = await harness.codeOf(sent.deliveryId);
  const { verifications, owner } = harness;
  const call = (changes: Partial<CallContext> = {}) => harness.call({ mode: other, ...changes });
  const before = await stateOf(sent, mode);
  const events = (await verifications.tail(sent.id, { ...owner, mode }))?.events;

  expect(await verifications.resend(sent.id, 'sms', { ...policy, ...PACE_NO_SEND }, call())).toEqual({
    result: 'not_found',
  });
  expect(await harness.judge(sent.id, code, { mode: other })).toEqual({ result: 'not_found' });
  expect(await verifications.cancel(sent.id, call())).toEqual({ result: 'not_found' });
  expect(await verifications.read(sent.id, call())).toBeNull();
  expect(await verifications.recipientOf(sent.id, call())).toBeNull();
  expect(await verifications.tail(sent.id, call())).toBeNull();
  expect(await verifications.latest(call(), 'login', input.destination, undefined)).toBeNull();

  expect(await stateOf(sent, mode)).toEqual(before);
  expect((await verifications.tail(sent.id, { ...owner, mode }))?.events).toEqual(events);
  expect(await verifications.latest({ ...owner, mode }, 'login', input.destination, undefined)).toBe(sent.id);
  expect(await harness.judge(sent.id, code, { mode })).toMatchObject({ result: 'approved', checksRemaining: 3 - 1 });
});

test.each(BOTH_WAYS)(
  'what is left in the stream of one in %s mode is nothing to a key in %s mode',
  async (mode, other) => {
    const input = openInput();
    const sent = await harness.open(input, {}, { mode });
    const { verifications, owner, redis } = harness;
    const key = harness.keysOf(sent).verification;
    await redis.del(key);
    expect(await verifications.tail(sent.id, { ...owner, mode: other })).toBeNull();
    expect((await verifications.tail(sent.id, { ...owner, mode }))?.events).toHaveLength(2);
  },
);

test.each(BOTH_WAYS)(
  'nor is one in %s mode to a key in %s mode once its first event was recorded',
  async (mode, other) => {
    const sent = await harness.open({}, {}, { mode });
    const { verifications, owner, redis } = harness;
    const key = harness.keysOf(sent).verification;
    await redis.xdel(harness.keysOf(sent).events, (await redis.hget(key, 'f')) ?? '');
    expect(await verifications.tail(sent.id, { ...owner, mode: other })).toBeNull();
    expect(await verifications.tail(sent.id, { ...owner, mode })).toMatchObject({ isHeld: true, isComplete: false });
  },
);

test.each(BOTH_WAYS)('a token of an approval in %s mode cannot be spent in %s mode', async (mode, other) => {
  const sent = await harness.open({}, {}, { mode });
  await harness.judge(sent.id, await harness.codeOf(sent.deliveryId), { mode });
  const consume = (by: Mode) => harness.verifications.consumeToken(sent.id, false, harness.call({ mode: by }));
  expect(await consume(other)).toBe('invalid');
  expect(await consume(mode)).toBe('consumed');
});

test('a check by destination finds the one of its own mode', async () => {
  const { input, live, test: sandboxed } = await openBoth();
  const find = (mode: Mode) =>
    harness.verifications.latest({ ...harness.owner, mode }, 'login', input.destination, undefined);
  expect([await find('live'), await find('test')]).toEqual([live.id, sandboxed.id]);
});

test('the code of a test verification approves no live one of the destination', async () => {
  const { live, test: sandboxed } = await openBoth();
  const liveCode = await harness.codeOf(live.deliveryId);
  const seen = await harness.codeOf(sandboxed.deliveryId);
  const judged = await harness.judge(live.id, seen, LIVE);
  // One of a million codes is the same.
  expect(judged.result === 'incorrect' || seen === liveCode).toBe(true);
  expect(await harness.judge(sandboxed.id, seen)).toMatchObject({ result: 'approved' });
  expect(await stateOf(live, 'live')).toMatchObject({ status: 'pending' });
});

test('pacing and the count of sends are of one mode', async () => {
  const input = openInput();
  expect((await harness.open(input)).sendsRemaining).toBe(4);
  expect(await harness.verifications.open(input, policy, harness.call())).toMatchObject({ result: 'resend_too_soon' });
  expect((await harness.open(input, {}, LIVE)).sendsRemaining).toBe(4);
  const spent = openInput();
  for (let send = 0; send < policy.sendsMax; send += 1) await harness.open(spent, PACE_NO_SEND);
  const again = (mode: Mode) =>
    harness.verifications.open(spent, { ...policy, ...PACE_NO_SEND }, harness.call({ mode }));
  expect(await again('test')).toMatchObject({ result: 'max_sends' });
  expect(await again('live')).toMatchObject({ result: 'sent', sendsRemaining: 4 });
});

test('wrong checks in one mode neither lock the other nor are cleared by its approval', async () => {
  const input = openInput();
  const more = { ...PACE_NO_SEND, checksMax: 20 };
  const sandboxed = await harness.open(input, more);
  const code = await harness.codeOf(sandboxed.deliveryId);
  for (let check = 0; check < policy.streakFreeChecks; check += 1) await harness.judge(sandboxed.id, wrongCode(code));
  expect(await harness.judge(sandboxed.id, code)).toMatchObject({ result: 'checks_locked' });

  const live = await harness.open(input, more, LIVE);
  const approved = await harness.judge(live.id, await harness.codeOf(live.deliveryId), LIVE);
  expect(approved).toMatchObject({ result: 'approved' });
  expect(await harness.judge(sandboxed.id, code)).toMatchObject({ result: 'checks_locked' });
});

test.each(BOTH_WAYS)('erasing with a key in %s mode ends what is open in both, for %s too', async (asking) => {
  const { input, live, test: sandboxed } = await openBoth();
  const { redis, clock, keys } = harness;
  const erasure = createErasure({ redis, clock, idKey: keys.idKey, sealer: createSealer(keys.sealKeys) });
  const asked = { ...harness.call({ mode: asking }), key: 'key_a', requestId: 'request-1' };
  await erasure.erase(input.destination, ['login'], asked);
  for (const [sent, mode] of [[live, 'live'] as const, [sandboxed, 'test'] as const]) {
    expect(await stateOf(sent, mode)).toMatchObject({ status: 'canceled', addresses: undefined });
    expect(await harness.deliveries.claim(sent.deliveryId, 7_000)).toEqual({ result: 'ended' });
    const found = await harness.verifications.latest({ ...harness.owner, mode }, 'login', input.destination, undefined);
    expect(found).toBeNull();
  }
});
