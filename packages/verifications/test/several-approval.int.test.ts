import type { ReceiptStatus } from '@watchword/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Claimed, Next } from '../src/deliveries.ts';
import type { OpenInput } from '../src/outcomes.ts';
import { createReceipts } from '../src/receipts.ts';
import { type Harness, type Opened, opened, openInput, policy, startHarness } from './harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.close());

const NO_PACING = { ...policy, pacingSeconds: [0] };
const AT_ONCE = { kind: 'at_once', channels: ['sms', 'email'] } as const;
const ONLY_EMAIL = { kind: 'at_once', channels: ['email'] } as const;

let emails = 0;
function both(plan: OpenInput['plan'] = AT_ONCE) {
  const { destination: phone } = openInput();
  const email = `approval-${(emails += 1)}@example.com`;
  return { addresses: { phone, email }, plan, phone, email };
}

async function claim(sent: Opened, at: number): Promise<Claimed> {
  const claimed = await harness.deliveries.claim(sent.deliveries[at]?.id ?? '', 7_000);
  if (claimed.result !== 'claimed') throw new Error(claimed.result);
  return claimed;
}
async function settle({ attempt }: Claimed, next: Next): Promise<void> {
  const outcome = next.kind !== 'end' ? 'transient' : next.status === 'failed' ? 'rejected' : next.status;
  const seen = { provider: 'twilio', countsAsCall: true, outcome, expectsReceipt: true } as const;
  expect(await harness.deliveries.settle(attempt, { ...seen, next })).toBe('settled');
}
async function receive({ attempt }: Claimed, status: ReceiptStatus): Promise<void> {
  const { redis, clock, keys } = harness;
  const receipts = createReceipts({ redis, clock, idKey: keys.idKey });
  const receipt = { attemptId: attempt.id, provider: 'twilio', mode: 'test', status } as const;
  expect(await receipts.receive(receipt)).toBe('applied');
}
const end = (status: 'accepted' | 'failed' | 'unknown'): Next => ({ kind: 'end', status });

async function approve({ id }: Opened, code: string, operation = '') {
  const judged = await harness.judge(id, code, { operation });
  if (judged.result !== 'approved' || !('approval' in judged)) throw new Error(judged.result);
  return judged.approval;
}

test('an approval vouches for the address that the code went to, not for the first that was named', async () => {
  const input = both(ONLY_EMAIL);
  const sent = await harness.open(input);
  const { code } = await claim(sent, 0);
  const approval = await approve(sent, code);
  expect(approval?.destination).toBe(input.email);
  expect(approval).not.toHaveProperty('sentTo');
});

test('of a code that went to several it names all of them, in the order of their kinds whatever that of the channels', async () => {
  const { phone, ...input } = both({ kind: 'at_once', channels: ['push', 'email', 'sms', 'whatsapp'] });
  const device_token = 't'.repeat(20);
  const sent = await harness.open({ ...input, addresses: { ...input.addresses, device_token } });
  const claimed = await Promise.all([0, 1, 2, 3].map((at) => claim(sent, at)));
  expect(await approve(sent, claimed[0]?.code ?? '')).toMatchObject({
    destination: phone,
    sentTo: [phone, input.email, device_token],
  });
});

test.each<[string, (sms: Claimed) => Promise<void>, 'both' | 'email']>([
  ['is being sent', async () => undefined, 'both'],
  ['was accepted', (sms) => settle(sms, end('accepted')), 'both'],
  ['has an unknown end', (sms) => settle(sms, end('unknown')), 'both'],
  ['waits to be sent again after a call', (sms) => settle(sms, { kind: 'later', delayMs: 5_000 }), 'both'],
  ['was delivered', (sms) => settle(sms, end('accepted')).then(() => receive(sms, 'delivered')), 'both'],
  ['was read', (sms) => settle(sms, end('accepted')).then(() => receive(sms, 'read')), 'both'],
  ['has failed', (sms) => settle(sms, end('failed')), 'email'],
  ['was undelivered', (sms) => settle(sms, end('accepted')).then(() => receive(sms, 'undelivered')), 'email'],
])('an approval when the other message %s', async (_, become, names) => {
  const input = both();
  const sent = await harness.open(input);
  const [sms, email] = [await claim(sent, 0), await claim(sent, 1)];
  await settle(email, end('accepted'));
  await become(sms);
  const { destination, sentTo } = (await approve(sent, email.code)) ?? {};
  const { phone } = input;
  expect([destination, sentTo]).toEqual(names === 'both' ? [phone, [phone, input.email]] : [input.email, undefined]);
});

test('a message that nobody has begun to send vouches for nothing', async () => {
  const input = both();
  const sent = await harness.open(input);
  const { code } = await claim(sent, 1);
  expect((await approve(sent, code))?.destination).toBe(input.email);
});

test('of several codes that are valid it counts where the right one went', async () => {
  for (const [at, expected] of [['sms', 'phone'] as const, ['email', 'email'] as const].entries()) {
    const input = both({ kind: 'at_once', channels: ['sms'] });
    const sent = await harness.open(input, NO_PACING);
    const again = opened(await harness.verifications.resend(sent.id, 'email', NO_PACING, harness.call()));
    const codes = [(await claim(sent, 0)).code, (await claim(again, 0)).code];
    expect((await approve(sent, codes[at] ?? ''))?.destination).toBe(input[expected[1]]);
  }
});

test('a workflow that came to the second address may have reached both, unless the first has failed', async () => {
  const steps = [{ channel: 'sms', timeout_s: 30 }, { channel: 'email' }] as const;
  for (const [status, reached] of [
    ['failed', ['email']],
    ['unknown', ['phone', 'email']],
  ] as const) {
    const input = both({ kind: 'in_turn', steps });
    const sent = await harness.open(input);
    const sms = await claim(sent, 0);
    await settle(sms, end(status));
    const email = await harness.deliveries.claim(sent.deliveryId.replace(/-1$/, '-2'), 7_000);
    expect(email).toMatchObject({ result: 'claimed', destination: input.email, code: sms.code });
    const approval = await approve(sent, sms.code);
    expect(approval?.sentTo ?? [approval?.destination]).toEqual(reached.map((kind) => input[kind]));
  }
});

test('when each message was called lost, one of them was not; and of a code that was never sent nothing is proved', async () => {
  const input = both(ONLY_EMAIL);
  const sent = await harness.open(input);
  const email = await claim(sent, 0);
  await settle(email, end('accepted'));
  await receive(email, 'undelivered');
  expect((await approve(sent, email.code))?.destination).toBe(input.email);

  const unsent = await harness.open(both(ONLY_EMAIL));
  const key = await keyOf(unsent);
  const { code } = await claim(unsent, 0);
  // As if the one who guesses had been lucky.
  await harness.redis.hset(key, 's1', 'queued');
  await harness.redis.hdel(key, 'a1');
  expect(await approve(unsent, code)).toMatchObject({ destination: undefined });
});

test('what an approval says is decided when it is made: its repeat says the same, whatever receipts have come since', async () => {
  const sent = await harness.open(both());
  const [sms, email] = [await claim(sent, 0), await claim(sent, 1)];
  await settle(sms, end('accepted'));
  await settle(email, end('accepted'));
  const operation = `op-${harness.project}-stable`;
  const first = await approve(sent, sms.code, operation);
  await receive(sms, 'undelivered');
  expect(await approve(sent, sms.code, operation)).toEqual(first);
  expect(first?.sentTo).toHaveLength(2);
});

async function keyOf({ id }: Opened): Promise<string> {
  const shards = Array.from({ length: 64 }, (_, at) => `ww:{${String(at).padStart(2, '0')}}:v:${id.slice(4)}`);
  const found = await Promise.all(shards.map(async (key) => ((await harness.redis.exists(key)) === 1 ? [key] : [])));
  return found.flat()[0] ?? '';
}
