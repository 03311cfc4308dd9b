import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Harness, openInput, startHarness } from './harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.close());

async function approve(operation = '') {
  const input = openInput();
  const sent = await harness.open(input);
  const code = await harness.codeOf(sent.deliveryId);
  const judged = await harness.judge(sent.id, code, { operation });
  return { id: sent.id, code, input, judged };
}
const consume = (
  id: string,
  { isExpired = false, ...changes }: { isExpired?: boolean; [field: string]: unknown } = {},
) => harness.verifications.consumeToken(id, isExpired, harness.call(changes));

test('an approval says what it proved, the same for each repeat of its call, and to nobody else', async () => {
  const { id, code, input, judged } = await approve('op-approval');
  const approval = { id, destination: input.destination, purpose: 'login', approvedAt: expect.any(Number) };
  expect(judged).toEqual({ result: 'approved', status: 'approved', checksRemaining: 2, approval });
  harness.travel(1_000);
  expect(await harness.judge(id, code, { operation: 'op-approval' })).toEqual(judged);
  for (const operation of ['', 'op-other']) {
    const later = await harness.judge(id, code, { operation });
    expect(later).toEqual({ result: 'already_approved', status: 'approved', checksRemaining: 2 });
  }
});

test('of 100 parallel calls that spend a token exactly one does, and its event is written once', async () => {
  const { id } = await approve();
  const results = await Promise.all(Array.from({ length: 100 }, () => consume(id)));
  expect(results.filter((result) => result === 'consumed')).toHaveLength(1);
  expect(new Set(results)).toEqual(new Set(['consumed', 'consumed_before']));
  const events = (await harness.timelineOf(id)).filter(({ type }) => type === 'token.consumed');
  expect(events).toMatchObject([{ data: {} }]);
});

test('whoever repeats the call that spent it hears so again, also once the token has expired', async () => {
  const { id } = await approve();
  expect(await consume(id, { operation: 'op-consume' })).toBe('consumed');
  expect(await consume(id, { operation: 'op-consume', isExpired: true })).toBe('consumed');
  expect(await consume(id, { operation: 'op-else' })).toBe('consumed_before');
});

test('an expired token, one of a verification that is not approved, of another project or made up is not valid', async () => {
  const { id } = await approve();
  const open = await harness.open();
  expect(await consume(id, { isExpired: true })).toBe('invalid');
  expect(await consume(id, { project: 'other' })).toBe('invalid');
  expect(await consume(open.id)).toBe('invalid');
  expect(await consume(`ver_${'0'.repeat(26)}`)).toBe('invalid');
  await expect(consume(id, { deadline: Date.now() - 1_000 })).rejects.toMatchObject({ code: 'unavailable' });
  expect(await consume(id)).toBe('consumed');
});
