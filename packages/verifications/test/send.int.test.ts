import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Harness, openInput, policy, startHarness, wrongCode } from './harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.close());

test('a second open for the same destination, purpose and binding resends the open verification', async () => {
  const input = openInput();
  const first = await harness.open(input);
  expect(await harness.verifications.open(input, policy, harness.call())).toMatchObject({ result: 'resend_too_soon' });
  harness.travel(60_001);
  const second = await harness.open(input);
  expect(second).toMatchObject({ id: first.id, deliveryId: first.deliveryId.replace(/1$/, '2'), sendsRemaining: 3 });
  const other = await harness.open({ ...input, purpose: 'password_reset' });
  expect(other.id).not.toBe(first.id);
});

test('the old and the new code of a resend are both right, and one of them verifies once', async () => {
  const [first, second] = [await sendTwice({}), await sendTwice({})];
  expect(await harness.judge(first.id, first.oldCode)).toMatchObject({ result: 'approved' });
  expect(await harness.judge(first.id, first.newCode)).toMatchObject({ result: 'already_approved' });
  expect(await harness.judge(second.id, second.newCode)).toMatchObject({ result: 'approved' });
});

test('in resend mode rotate only the last code is right, and a superseded one is never sent', async () => {
  const rotate = { codesValidMax: 1, pacingSeconds: [0] };
  const { id, oldCode, newCode } = await sendTwice(rotate);
  expect(await harness.judge(id, oldCode)).toMatchObject({ result: 'incorrect' });
  expect(await harness.judge(id, newCode)).toMatchObject({ result: 'approved' });

  const input = openInput();
  const first = await harness.open(input, rotate);
  await harness.open(input, rotate);
  expect(await harness.deliveries.claim(first.deliveryId, 7_000)).toEqual({ result: 'ended' });
});

test('the last three codes stay valid, the one before them does not', async () => {
  const input = openInput();
  const noPacing = { pacingSeconds: [0] };
  const codes: string[] = [];
  let id = '';
  for (let send = 0; send < 4; send += 1) {
    const sent = await harness.open(input, noPacing);
    id = sent.id;
    codes.push(await harness.codeOf(sent.deliveryId));
  }
  expect(await harness.judge(id, codes[0] as string)).toMatchObject({ result: 'incorrect' });
  expect(await harness.judge(id, codes[1] as string)).toMatchObject({ result: 'approved' });
});

test('a resend buys no checks', async () => {
  const input = openInput();
  const sent = await harness.open(input, { pacingSeconds: [0] });
  const wrong = wrongCode(await harness.codeOf(sent.deliveryId));
  await harness.judge(sent.id, wrong);
  await harness.judge(sent.id, wrong);
  const again = await harness.open(input, { pacingSeconds: [0] });
  expect(again.checksRemaining).toBe(1);
});

test('sends wait 60, 60, 90, 120 s and are 5 in 10 minutes', async () => {
  const input = openInput();
  const waits: number[] = [];
  for (let send = 0; send < 5; send += 1) {
    const sent = await harness.open(input);
    waits.push(Math.round((sent.resendAt - harness.clock.now()) / 1_000));
    harness.travel(sent.resendAt - harness.clock.now() + 1);
  }
  expect(waits).toEqual([60, 60, 90, 120, 120]);
  const refused = await harness.verifications.open(input, policy, harness.call());
  expect(refused).toMatchObject({ result: 'max_sends' });
  harness.travel('retryMs' in refused ? refused.retryMs : 0);
  await harness.open(input);
});

test('an approval ends the pacing wait but not the count; a cancel ends neither', async () => {
  const input = openInput();
  const first = await harness.open(input);
  await harness.verifications.cancel(first.id, harness.call());
  expect(await harness.verifications.open(input, policy, harness.call())).toMatchObject({ result: 'resend_too_soon' });
  harness.travel(60_001);
  const second = await harness.open(input);
  await harness.judge(second.id, await harness.codeOf(second.deliveryId));
  const third = await harness.open(input);
  expect(third.sendsRemaining).toBe(2);
});

test('100 opens that race under one operation make one verification with one delivery', async () => {
  const input = openInput();
  const call = harness.call({ operation: 'op-race' });
  const answers = await Promise.all(Array.from({ length: 100 }, () => harness.verifications.open(input, policy, call)));
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  const [answer] = answers;
  const view = await harness.verifications.read((answer as { id: string }).id, harness.owner);
  expect(view?.deliveries).toHaveLength(1);
});

test('an open that reaches Redis after its deadline stores nothing', async () => {
  const input = openInput();
  const late = harness.call({ deadline: Date.now() - 1 });
  await expect(harness.verifications.open(input, policy, late)).rejects.toMatchObject({ code: 'unavailable' });
  expect(await harness.verifications.latest(harness.owner, 'login', input.destination, undefined)).toBeNull();
});

test('cancel ends an open verification; its code is worth nothing then', async () => {
  const sent = await harness.open();
  const code = await harness.codeOf(sent.deliveryId);
  expect(await harness.verifications.cancel(sent.id, harness.call())).toEqual({ result: 'canceled' });
  expect(await harness.judge(sent.id, code)).toMatchObject({ result: 'canceled', status: 'canceled' });
  expect(await harness.verifications.cancel(sent.id, harness.call())).toEqual({
    result: 'not_pending',
    status: 'canceled',
  });
  expect(await harness.verifications.resend(sent.id, 'sms', policy, harness.call())).toMatchObject({
    result: 'not_pending',
  });
});

test('the latest verification of a destination is found by binding, else by destination', async () => {
  const input = openInput({ binding: { amount: '1' } });
  const sent = await harness.open(input);
  const find = (binding?: Record<string, string>) =>
    harness.verifications.latest(harness.owner, 'login', input.destination, binding);
  expect(await find({ amount: '1' })).toBe(sent.id);
  expect(await find({ amount: '2' })).toBe(sent.id);
  expect(await find()).toBe(sent.id);
});

async function sendTwice(withPolicy: object) {
  const input = openInput();
  const first = await harness.open(input, { pacingSeconds: [0], ...withPolicy });
  const oldCode = await harness.codeOf(first.deliveryId);
  const second = await harness.open(input, { pacingSeconds: [0], ...withPolicy });
  return { id: first.id, oldCode, newCode: await harness.codeOf(second.deliveryId) };
}
