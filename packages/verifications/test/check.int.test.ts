import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Harness, openInput, policy, startHarness, wrongCode } from './harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.close());

test('the right code approves once; the next one with it learns that it was used', async () => {
  const sent = await harness.open();
  const code = await harness.codeOf(sent.deliveryId);
  expect(await harness.judge(sent.id, code)).toMatchObject({
    result: 'approved',
    status: 'approved',
    checksRemaining: 2,
  });
  expect(await harness.judge(sent.id, code)).toMatchObject({ result: 'already_approved', status: 'approved' });
  const types = (await harness.timelineOf(sent.id)).map(({ type }) => type);
  expect(types).toEqual([
    'verification.opened',
    'delivery.queued',
    'attempt.started',
    'check.judged',
    'verification.approved',
  ]);
});

test('the check that uses up the last chance answers incorrect; then even the right code is refused', async () => {
  const sent = await harness.open();
  const code = await harness.codeOf(sent.deliveryId);
  const wrong = wrongCode(code);
  expect(await harness.judge(sent.id, wrong)).toMatchObject({ result: 'incorrect', checksRemaining: 2 });
  expect(await harness.judge(sent.id, wrong)).toMatchObject({ result: 'incorrect', checksRemaining: 1 });
  expect(await harness.judge(sent.id, wrong)).toEqual({ result: 'incorrect', status: 'exhausted', checksRemaining: 0 });
  expect(await harness.judge(sent.id, code)).toMatchObject({ result: 'exhausted', status: 'exhausted' });
});

test('a code is judged until the millisecond it expires and refused one later, with an event', async () => {
  const early = await harness.open();
  const late = await harness.open();
  const [earlyCode, lateCode] = [await harness.codeOf(early.deliveryId), await harness.codeOf(late.deliveryId)];
  harness.travel(early.expiresAt - harness.clock.now() - 1_000);
  expect(await harness.judge(early.id, earlyCode)).toMatchObject({ result: 'approved' });
  harness.travel(late.expiresAt - harness.clock.now() + 1);
  expect(await harness.judge(late.id, lateCode)).toMatchObject({ result: 'expired', status: 'expired' });
  expect((await harness.timelineOf(late.id)).at(-1)?.type).toBe('verification.expired');
});

test('a code verifies only under its own binding; a changed amount uses up no check', async () => {
  const binding = { amount: '10.00', payee: 'ACME' };
  const sent = await harness.open({ binding, purpose: 'transaction' });
  const code = await harness.codeOf(sent.deliveryId);
  const changed = { ...binding, amount: '99.00' };
  expect(await harness.judge(sent.id, code, {}, changed)).toMatchObject({
    result: 'binding_mismatch',
    checksRemaining: 3,
  });
  expect(await harness.judge(sent.id, code)).toMatchObject({ result: 'binding_mismatch', checksRemaining: 3 });
  expect(await harness.judge(sent.id, code, {}, binding)).toMatchObject({ result: 'approved' });
});

test("another project's verification is not found, a forged id neither", async () => {
  const sent = await harness.open();
  const code = await harness.codeOf(sent.deliveryId);
  expect(await harness.judge(sent.id, code, { project: 'other' })).toEqual({ result: 'not_found' });
  expect(await harness.judge(`ver_${'0'.repeat(26)}`, code)).toEqual({ result: 'not_found' });
  expect(await harness.verifications.read(sent.id, { ...harness.owner, project: 'other' })).toBeNull();
  expect(await harness.verifications.tail(sent.id, { ...harness.owner, project: 'other' })).toBeNull();
});

test('wrong checks count over all verifications of a destination: the 10th in a row waits, an approval clears', async () => {
  const input = openInput();
  const noPacing = { pacingSeconds: [0], sendsMax: 10 };
  let sent = await harness.open(input, noPacing);
  for (let round = 0; round < 3; round += 1) {
    const wrong = wrongCode(await harness.codeOf(sent.deliveryId));
    for (let check = 0; check < policy.checksMax; check += 1) {
      expect(await harness.judge(sent.id, wrong)).toMatchObject({ result: 'incorrect' });
    }
    sent = await harness.open(input, noPacing);
  }
  const code = await harness.codeOf(sent.deliveryId);
  const locked = await harness.judge(sent.id, code);
  expect(locked).toMatchObject({ result: 'checks_locked' });
  expect('retryMs' in locked && locked.retryMs).toBeGreaterThan(29_000);
  harness.travel(30_001);
  expect(await harness.judge(sent.id, wrongCode(code))).toMatchObject({ result: 'incorrect' });
  expect(await harness.judge(sent.id, code)).toMatchObject({ result: 'checks_locked' });
  harness.travel(60_001);
  expect(await harness.judge(sent.id, code)).toMatchObject({ result: 'approved' });
  const next = await harness.open(input, noPacing);
  expect(await harness.judge(next.id, wrongCode(await harness.codeOf(next.deliveryId)))).toMatchObject({
    result: 'incorrect',
  });
});

test('a repeat under the same operation gets the first answer again and counts nothing', async () => {
  const sent = await harness.open();
  const code = await harness.codeOf(sent.deliveryId);
  const first = await harness.judge(sent.id, wrongCode(code), { operation: 'op-wrong' });
  expect(await harness.judge(sent.id, wrongCode(code), { operation: 'op-wrong' })).toEqual(first);
  const approved = await harness.judge(sent.id, code, { operation: 'op-right' });
  expect(approved).toMatchObject({ result: 'approved', checksRemaining: 1 });
  expect(await harness.judge(sent.id, code, { operation: 'op-right' })).toEqual(approved);
  expect(await harness.judge(sent.id, code, { operation: 'op-other' })).toMatchObject({ result: 'already_approved' });
});

test('a check that reaches Redis after its deadline is not carried out', async () => {
  const sent = await harness.open();
  const code = await harness.codeOf(sent.deliveryId);
  const late = { deadline: Date.now() - 1 };
  await expect(harness.judge(sent.id, code, late)).rejects.toMatchObject({ code: 'unavailable' });
  expect(await harness.judge(sent.id, code)).toMatchObject({ result: 'approved', checksRemaining: 2 });
});

test('guesses at an ended verification cost no digest', async () => {
  const sent = await harness.open();
  const code = await harness.codeOf(sent.deliveryId);
  await harness.judge(sent.id, code);
  const before = harness.digestsMade();
  expect(await harness.judge(sent.id, code)).toMatchObject({ result: 'already_approved' });
  expect(harness.digestsMade()).toBe(before);
});

test('when Redis has lost an end that was seen, the right code counts as any other', async () => {
  const sent = await harness.open();
  const code = await harness.codeOf(sent.deliveryId);
  const [key = ''] = await findKeys(sent.id.slice(4));
  const before = await harness.redis.dumpBuffer(key);
  await harness.judge(sent.id, code);
  await harness.redis.restore(key, 300_000, before ?? '', 'REPLACE');
  expect(await harness.judge(sent.id, code)).toMatchObject({ result: 'approved', checksRemaining: 2 });
});

test('an ended verification keeps neither digest nor sealed code', async () => {
  const sent = await harness.open();
  const code = await harness.codeOf(sent.deliveryId);
  await harness.judge(sent.id, code);
  const [key] = await findKeys(sent.id.slice(4));
  const fields = await harness.redis.hkeys(key as string);
  expect(fields.filter((field) => /^[hc]\d/.test(field))).toEqual([]);
});

async function findKeys(id: string): Promise<string[]> {
  const shards = Array.from({ length: 64 }, (_, shard) => `ww:{${String(shard).padStart(2, '0')}}:v:${id}`);
  const present = await Promise.all(shards.map(async (key) => ((await harness.redis.exists(key)) === 1 ? [key] : [])));
  return present.flat();
}
