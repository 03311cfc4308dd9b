import type { ReceiptStatus } from '@watchword/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Claimed, Next } from '../src/deliveries.ts';
import type { OpenInput } from '../src/outcomes.ts';
import { type Harness, LEASE_MS, NO_PACING, type Opened, opened, openInput, startHarness } from './harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.close());

const AT_ONCE = { kind: 'at_once', channels: ['sms', 'email'] } as const;
const ONLY_EMAIL = { kind: 'at_once', channels: ['email'] } as const;

let emails = 0;
function both(plan: OpenInput['plan'] = AT_ONCE) {
  const { destination: phone } = openInput();
  const email = `approval-${(emails += 1)}@example.com`;
  return { addresses: { phone, email }, plan, phone, email };
}

const claim = (sent: Opened, at: number) => harness.claim(sent.deliveries[at]?.id ?? '');
async function settle({ attempt }: Claimed, next: Next): Promise<void> {
  const outcome = next.kind !== 'end' ? 'transient' : next.status === 'failed' ? 'rejected' : next.status;
  const seen = { provider: 'twilio', countsAsCall: true, outcome, expectsReceipt: true } as const;
  expect(await harness.deliveries.settle(attempt, { ...seen, next })).toBe('settled');
}
async function receive(claimed: Claimed, status: ReceiptStatus): Promise<void> {
  expect(await harness.receive(claimed, status)).toBe('applied');
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

test.each<[string, (sms: Claimed, sent: Opened) => Promise<void>, 'both' | 'email']>([
  ['is being sent', async () => undefined, 'both'],
  ['was accepted', (sms) => settle(sms, end('accepted')), 'both'],
  ['has an unknown end', (sms) => settle(sms, end('unknown')), 'both'],
  ['waits to be sent again after a call', (sms) => settle(sms, { kind: 'later', delayMs: 5_000 }), 'both'],
  ['has failed after an attempt of unknown outcome', failAfterUnknown, 'both'],
  ['was skipped after an attempt of unknown outcome', skipAfterUnknown, 'both'],
  ['waits to be sent again since its worker died', endLease, 'both'],
  ['was delivered', (sms) => settle(sms, end('accepted')).then(() => receive(sms, 'delivered')), 'both'],
  ['was read', (sms) => settle(sms, end('accepted')).then(() => receive(sms, 'read')), 'both'],
  ['has failed', (sms) => settle(sms, end('failed')), 'email'],
  ['was undelivered', (sms) => settle(sms, end('accepted')).then(() => receive(sms, 'undelivered')), 'email'],
])('an approval when the other message %s', async (_, become, names) => {
  const input = both();
  const sent = await harness.open(input);
  const [sms, email] = [await claim(sent, 0), await claim(sent, 1)];
  await settle(email, end('accepted'));
  await become(sms, sent);
  const { destination, sentTo } = (await approve(sent, email.code)) ?? {};
  const { phone } = input;
  expect([destination, sentTo]).toEqual(names === 'both' ? [phone, [phone, input.email]] : [input.email, undefined]);
});

async function failAfterUnknown(sms: Claimed): Promise<void> {
  await harness.settle(sms, 'unknown', { next: { kind: 'again' } });
  await harness.settle(await harness.claim(sms.attempt.deliveryId), 'transient');
}
/** The code is gone, as after a message of another step has arrived. */
async function skipAfterUnknown(sms: Claimed, sent: Opened): Promise<void> {
  await harness.redis.hdel(harness.keysOf(sent).verification, 'c1');
  await harness.settle(sms, 'unknown', { next: { kind: 'again' } });
}
async function endLease(): Promise<void> {
  harness.travel(LEASE_MS + 1);
  await harness.drain();
}

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
    const email = await harness.claim(sent.deliveryId.replace(/-1$/, '-2'));
    expect(email).toMatchObject({ destination: input.email, code: sms.code });
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
  const key = harness.keysOf(unsent).verification;
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
