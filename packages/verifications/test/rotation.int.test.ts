import { randomBytes } from 'node:crypto';
import { type KeyRing, Secret } from '@watchword/platform';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCodeDigests } from '../src/code-digest.ts';
import { createDeliveries } from '../src/create-deliveries.ts';
import { registerDigestProfile } from '../src/digest-profiles.ts';
import { createVerifications } from '../src/verifications.ts';
import { type Harness, opened, openInput, policy, startHarness, wrongCode } from './harness.ts';

const LEASE_MS = 7_000;
const NO_PACING = { ...policy, pacingSeconds: [0] };

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.close());

interface Rings {
  readonly peppers: KeyRing;
  readonly sealKeys: KeyRing;
}

const added = (ring: KeyRing, id: number): KeyRing => ({
  ...ring,
  keys: [...ring.keys, { id, key: new Secret(randomBytes(32)) }],
});
const promoted = ({ keys }: KeyRing): KeyRing => ({ current: keys.at(-1) as KeyRing['current'], keys });
const retired = ({ current, keys }: KeyRing, id: number): KeyRing => ({
  current,
  keys: keys.filter((entry) => entry.id !== id),
});

/** The harness' state machine as another process with other rings has it. */
async function startWith({ peppers, sealKeys }: Rings) {
  const { redis, clock, keys } = harness;
  const digests = createCodeDigests({ peppers, clock, concurrency: 2, waitingMax: 100 });
  const profiles = await registerDigestProfile({ redis, memoryKib: 8, peppers });
  const shared = { redis, clock, idKey: keys.idKey, sealKeys };
  return { ...createVerifications({ ...shared, digests, profiles }), deliveries: createDeliveries(shared) };
}

/** A rotation of both rings: before it, with both keys, and with the new one only. */
async function startRotation() {
  const before = { peppers: harness.keys.peppers, sealKeys: harness.keys.sealKeys };
  const both = { peppers: promoted(added(before.peppers, 2)), sealKeys: promoted(added(before.sealKeys, 2)) };
  return {
    old: await startWith(before),
    both: await startWith(both),
    withoutPepper: await startWith({ ...both, peppers: retired(both.peppers, 1) }),
    withoutSeal: await startWith({ ...both, sealKeys: retired(both.sealKeys, 1) }),
  };
}
type Process = Awaited<ReturnType<typeof startWith>>;

async function openOn(process: Process, input = openInput()) {
  return opened(await process.open(input, NO_PACING, harness.call()));
}
async function codeOn({ deliveries }: Process, deliveryId: string): Promise<string> {
  const claimed = await deliveries.claim(deliveryId, LEASE_MS);
  if (claimed.result !== 'claimed') throw new Error(`not claimed: ${claimed.result}`);
  return claimed.code;
}
const judgeOn = (process: Process, id: string, code: string, operation = '') =>
  process.judge(id, code, undefined, policy.streakFreeChecks, harness.call({ operation }));
const typesOf = async (id: string) => (await harness.timelineOf(id)).map(({ type }) => type);

test('codes of before and after a rotation verify on a process with both keys, and a resend is of the old pepper still', async () => {
  const { old, both } = await startRotation();
  const input = openInput();
  const before = await openOn(old, input);
  const firstCode = await codeOn(both, before.deliveryId);
  const resent = await openOn(both, input);
  expect(resent).toMatchObject({ id: before.id, destination: input.destination });
  const after = await openOn(both);
  const [secondCode, newCode] = [await codeOn(both, resent.deliveryId), await codeOn(both, after.deliveryId)];
  expect(await judgeOn(both, before.id, wrongCode(secondCode))).toMatchObject({ result: 'incorrect' });
  expect(await judgeOn(both, before.id, firstCode)).toMatchObject({ result: 'approved' });
  expect(await judgeOn(both, after.id, newCode)).toMatchObject({ result: 'approved' });
});

test('a check of a retired pepper ends the verification as expired; it never judges a guess, and opening makes a new one', async () => {
  const { old, withoutPepper } = await startRotation();
  const input = openInput();
  const lost = await openOn(old, input);
  const code = await codeOn(old, lost.deliveryId);
  const expired = { result: 'expired', status: 'expired', checksRemaining: policy.checksMax };
  expect(await judgeOn(withoutPepper, lost.id, code, 'first')).toEqual(expired);
  expect(await judgeOn(withoutPepper, lost.id, code, 'first')).toEqual(expired);
  expect(await judgeOn(old, lost.id, code)).toEqual(expired);
  expect((await typesOf(lost.id)).slice(-1)).toEqual(['verification.expired']);
  const next = await openOn(withoutPepper, input);
  expect(next.id).not.toBe(lost.id);
  expect(await judgeOn(withoutPepper, next.id, await codeOn(withoutPepper, next.deliveryId))).toMatchObject({
    result: 'approved',
  });
});

test('opening again over a retired pepper ends the old verification and makes a new one; a resend finds it expired', async () => {
  const { old, withoutPepper } = await startRotation();
  const input = openInput();
  const lost = await openOn(old, input);
  const next = await openOn(withoutPepper, input);
  expect(next.id).not.toBe(lost.id);
  const other = await openOn(old);
  expect(await withoutPepper.resend(other.id, 'sms', NO_PACING, harness.call())).toEqual({
    result: 'not_pending',
    status: 'expired',
  });
});

test('what was approved before its pepper was retired stays approved, and is nobody else’s business', async () => {
  const { old, withoutPepper } = await startRotation();
  const sent = await openOn(old);
  const code = await codeOn(old, sent.deliveryId);
  await judgeOn(old, sent.id, code);
  expect(await judgeOn(withoutPepper, sent.id, code)).toMatchObject({ result: 'already_approved', status: 'approved' });
  const foreign = harness.call({ project: 'other' });
  expect(await withoutPepper.judge(sent.id, code, undefined, 9, foreign)).toEqual({ result: 'not_found' });
});

test('a process that does not know the new pepper yet changes nothing, and says to come again', async () => {
  const { old, both } = await startRotation();
  const sent = await openOn(both);
  const code = await codeOn(both, sent.deliveryId);
  await expect(judgeOn(old, sent.id, code)).rejects.toMatchObject({ code: 'unavailable' });
  await expect(old.resend(sent.id, 'sms', NO_PACING, harness.call())).rejects.toMatchObject({ code: 'unavailable' });
  expect(await judgeOn(both, sent.id, code)).toMatchObject({ result: 'approved' });
});

test('a delivery sealed under a retired key is settled as failed and says why; its verification is read masked', async () => {
  const { old, withoutSeal } = await startRotation();
  const sent = await openOn(old, openInput({ context: { locale: 'en' } }));
  expect(await withoutSeal.deliveries.claim(sent.deliveryId, LEASE_MS)).toEqual({ result: 'unsealable' });
  const settled = (await harness.timelineOf(sent.id)).find(({ type }) => type === 'attempt.settled');
  expect(settled?.data).toMatchObject({
    outcome: 'rejected',
    class: 'configuration',
    provider_code: 'seal_key_missing',
  });
  expect(await withoutSeal.deliveries.claim(sent.deliveryId, LEASE_MS)).toEqual({ result: 'ended' });
  const read = await withoutSeal.read(sent.id, harness.owner);
  expect(read).toMatchObject({ status: 'pending', undeliverable: true, deliveries: [{ status: 'failed' }] });
  expect([read?.addresses, read?.locale]).toEqual([undefined, undefined]);
});

test('what cannot be unsealed cannot be sent again: opening makes a new verification, which arrives', async () => {
  const { old, withoutSeal } = await startRotation();
  const input = openInput();
  const lost = await openOn(old, input);
  const next = await openOn(withoutSeal, input);
  expect(next.id).not.toBe(lost.id);
  expect(await codeOn(withoutSeal, next.deliveryId)).toMatch(/^\d{6}$/);
});

test('a right code whose destination cannot be unsealed is approved without saying what it proved', async () => {
  const { old, withoutSeal } = await startRotation();
  const sent = await openOn(old);
  const code = await codeOn(old, sent.deliveryId);
  const judged = await judgeOn(withoutSeal, sent.id, code);
  expect(judged).toMatchObject({ result: 'approved', approval: { purpose: 'login' } });
  expect(judged).toHaveProperty('approval.destination', undefined);
});

test('a guess at several addresses waits for a key that is to come, and is judged without one that is retired', async () => {
  const { peppers, sealKeys } = harness.keys;
  const rotated = promoted(added(sealKeys, 2));
  const old = await startWith({ peppers, sealKeys });
  const both = await startWith({ peppers, sealKeys: rotated });
  const withoutSeal = await startWith({ peppers, sealKeys: retired(rotated, 1) });
  const addresses = { phone: openInput().destination, email: 'rotation@example.com' };
  const input = openInput({ addresses, plan: { kind: 'at_once', channels: ['sms', 'email'] } });
  const sent = await openOn(both, input);
  const code = await codeOn(both, sent.deliveryId);
  await expect(judgeOn(old, sent.id, code)).rejects.toMatchObject({ code: 'unavailable' });
  expect(await judgeOn(both, sent.id, code)).toMatchObject({ result: 'approved', checksRemaining: 2 });

  const lost = await openOn(old, input);
  const judged = await judgeOn(withoutSeal, lost.id, await codeOn(old, lost.deliveryId));
  expect(judged).toMatchObject({ result: 'approved', approval: { destination: undefined } });
});

test('a worker that does not know the new seal key yet leaves the delivery to one that does', async () => {
  const { old, both } = await startRotation();
  const sent = await openOn(both);
  expect(await old.deliveries.claim(sent.deliveryId, LEASE_MS)).toEqual({ result: 'unsealable' });
  expect((await both.read(sent.id, harness.owner))?.deliveries).toMatchObject([{ status: 'queued' }]);
  harness.travel(LEASE_MS);
  const due = await harness.drain();
  expect(due).toContainEqual(expect.objectContaining({ action: 'enqueue', deliveryId: sent.deliveryId }));
  expect(await codeOn(both, sent.deliveryId)).toMatch(/^\d{6}$/);
});

test('a profile of an earlier version is of the first pepper; a retired one’s number is used again when all are taken', async () => {
  const { redis, keys } = harness;
  const before = await redis.hgetall('ww:digest-profiles');
  const register = (memoryKib: number, peppers = keys.peppers) =>
    registerDigestProfile({ redis, memoryKib, peppers }).then(({ current }) => current);
  const taken = JSON.stringify({ memoryKib: 9, pepper: 200 });
  try {
    await redis.del('ww:digest-profiles');
    await redis.hset('ww:digest-profiles', 0, JSON.stringify({ memoryKib: 8 }));
    expect(await register(8)).toBe(0);
    expect(await register(8, promoted(added(keys.peppers, 2)))).toBe(1);
    expect(await register(16)).toBe(2);
    const newOnly = retired(promoted(added(keys.peppers, 2)), 1);
    const profiles = await registerDigestProfile({ redis, memoryKib: 8, peppers: newOnly });
    expect(await profiles.get(0)).toBeUndefined();
    for (let number = 3; number < 64; number += 1) await redis.hset('ww:digest-profiles', number, taken);
    expect(await register(8)).toBe(0);
    expect(await register(32, added(keys.peppers, 2))).toBe(3);
    expect(await register(32, newOnly)).toBe(0);
    expect(await profiles.get(0)).toEqual({ memoryKib: 32, pepper: 2 });
    for (let number = 3; number < 64; number += 1) {
      await redis.hset('ww:digest-profiles', number, JSON.stringify({ memoryKib: 100 + number, pepper: 2 }));
    }
    await expect(register(64, added(keys.peppers, 2))).rejects.toThrow(/CODE_DIGEST_MEMORY_KIB/);
  } finally {
    await redis.del('ww:digest-profiles');
    await redis.hset('ww:digest-profiles', before);
  }
});
