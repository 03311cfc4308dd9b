import type { Channel } from '@watchword/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Claimed } from '../src/deliveries.ts';
import { type Harness, type Opened, opened, openInput, policy, startHarness } from './harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.close());

const LEASE_MS = 7_000;
const NO_PACING = { ...policy, pacingSeconds: [0] };
const SMS_WHATSAPP = { kind: 'at_once', channels: ['sms', 'whatsapp'] } as const;

const read = async ({ id }: Opened) => {
  const state = await harness.verifications.read(id, harness.owner);
  if (state === null) throw new Error('forgotten');
  return state;
};
const eventsOf = async ({ id }: Opened, type: string) =>
  (await harness.timelineOf(id)).flatMap((event) => (event.type === type ? [event.data] : []));
const claimAll = (sent: Opened) => Promise.all(sent.deliveries.map(({ id }) => claim(id)));

async function claim(deliveryId: string): Promise<Claimed> {
  const claimed = await harness.deliveries.claim(deliveryId, LEASE_MS);
  if (claimed.result !== 'claimed') throw new Error(`not claimed: ${claimed.result}`);
  return claimed;
}

const end = ({ attempt }: Claimed, status: 'accepted' | 'failed' | 'unknown') =>
  harness.deliveries.settle(attempt, {
    provider: 'twilio',
    countsAsCall: true,
    outcome: status === 'failed' ? 'transient' : status,
    expectsReceipt: true,
    next: { kind: 'end', status },
  });

test('each channel gets a delivery of its own, all with one code that verifies once, and it is one send', async () => {
  const addresses = { phone: openInput().destination, email: 'at-once@example.com', device_token: 't'.repeat(20) };
  const channels = ['sms', 'email', 'push', 'voice', 'whatsapp'] as const satisfies readonly Channel[];
  const sent = await harness.open({ addresses, plan: { kind: 'at_once', channels } });
  expect(sent.deliveries.map(({ channel }) => channel)).toEqual(channels);
  expect(sent.sendsRemaining).toBe(policy.sendsMax - 1);
  const claimed = await claimAll(sent);
  expect(new Set(claimed.map(({ code }) => code)).size).toBe(1);
  const { phone, email, device_token } = addresses;
  expect(claimed.map(({ destination }) => destination)).toEqual([phone, email, device_token, phone, phone]);
  expect(await read(sent)).toMatchObject({ addresses, deliveries: channels.map((channel) => ({ channel })) });
  const code = claimed[4]?.code ?? '';
  expect(await harness.judge(sent.id, code)).toMatchObject({ result: 'approved', approval: { destination: phone } });
  expect(await harness.judge(sent.id, code)).toMatchObject({ result: 'already_approved' });
});

test('an e-mail address that begins like a phone number is one all the way', async () => {
  const email = '+news@example.com';
  const sent = await harness.open({
    addresses: { email },
    plan: { kind: 'at_once', channels: ['email'] },
    country: '',
  });
  const claimed = await claim(sent.deliveryId);
  expect(claimed).toMatchObject({ channel: 'email', destination: email });
  expect(await read(sent)).toMatchObject({ addresses: { email } });
  expect(await harness.judge(sent.id, claimed.code)).toMatchObject({ approval: { destination: email } });
});

test('the due set enqueues each of them, with its channel, until it is sent', async () => {
  const sent = await harness.open({ plan: SMS_WHATSAPP });
  harness.travel(2_001);
  const due = (await harness.drain()).filter(({ action }) => action === 'enqueue');
  for (const { id: deliveryId, channel } of sent.deliveries) {
    expect(due).toContainEqual(expect.objectContaining({ deliveryId, channel, attempts: 0 }));
  }
});

test('it is undeliverable only once all of them are lost, in whichever order', async () => {
  for (const order of [
    [0, 1],
    [1, 0],
  ] as const) {
    const sent = await harness.open({ plan: SMS_WHATSAPP });
    const claimed = await claimAll(sent);
    await end(claimed[order[0]] as Claimed, 'failed');
    expect(await read(sent)).toMatchObject({ undeliverable: false });
    expect(await eventsOf(sent, 'verification.undeliverable')).toEqual([]);
    await end(claimed[order[1]] as Claimed, 'failed');
    expect(await read(sent)).toMatchObject({ undeliverable: true });
    expect(await eventsOf(sent, 'verification.undeliverable')).toEqual([{ channels: 'sms,whatsapp' }]);
  }
});

test('it is not while one of them was taken, or may have been', async () => {
  for (const status of ['accepted', 'unknown'] as const) {
    const sent = await harness.open({ plan: SMS_WHATSAPP });
    const [first, second] = await claimAll(sent);
    await end(first as Claimed, status);
    await end(second as Claimed, 'failed');
    expect(await read(sent)).toMatchObject({ undeliverable: false });
  }
});

test('what one of them has sent leaves the code to the others, and the last of them erases it', async () => {
  const sent = await harness.open({ plan: SMS_WHATSAPP });
  const [first, second] = sent.deliveries.map(({ id }) => id) as [string, string];
  const { code, attempt } = await claim(first);
  await end({ attempt } as Claimed, 'accepted');
  const claimed = await claim(second);
  expect(claimed.code).toBe(code);
  const key = await keyOf(sent);
  expect(await harness.redis.hexists(key, 'c1')).toBe(1);
  await end(claimed, 'accepted');
  expect(await harness.redis.hexists(key, 'c1')).toBe(0);
});

test('a resend goes as it was opened, or over one channel; the last three sends stay valid, not the last three messages', async () => {
  const sent = await harness.open({ plan: SMS_WHATSAPP }, NO_PACING);
  const codes = [(await claim(sent.deliveryId)).code];
  for (const channel of [undefined, 'sms', undefined] as const) {
    const again = opened(await harness.verifications.resend(sent.id, channel, NO_PACING, harness.call()));
    expect(again.deliveries.map((delivery) => delivery.channel)).toEqual(channel ? [channel] : SMS_WHATSAPP.channels);
    const claimed = await claimAll(again);
    expect(new Set(claimed.map(({ code }) => code)).size).toBe(1);
    codes.push(claimed[0]?.code ?? '');
    expect(again.sendsRemaining).toBe(policy.sendsMax - codes.length);
  }
  expect((await read(sent)).deliveries.map(({ channel }) => channel)).toEqual(
    ['sms', 'whatsapp', 'sms', 'whatsapp', 'sms', 'sms', 'whatsapp'].slice(0, 7),
  );
  expect(new Set(codes).size).toBe(4);
  expect(await harness.judge(sent.id, codes[0] as string)).toMatchObject({ result: 'incorrect' });
  expect(await harness.judge(sent.id, codes[1] as string)).toMatchObject({ result: 'approved' });
});

test('in resend mode rotate every message of the send before is worth nothing, and none is sent any more', async () => {
  const sent = await harness.open({ plan: SMS_WHATSAPP }, { ...NO_PACING, codesValidMax: 1 });
  const { code } = await claim(sent.deliveryId);
  const again = opened(await harness.verifications.resend(sent.id, undefined, NO_PACING, harness.call()));
  expect(await harness.deliveries.claim(sent.deliveries[1]?.id ?? '', LEASE_MS)).toEqual({ result: 'ended' });
  expect(await harness.judge(sent.id, code)).toMatchObject({ result: 'incorrect' });
  const claimed = await claimAll(again);
  expect(await harness.judge(sent.id, claimed[1]?.code ?? '')).toMatchObject({ result: 'approved' });
});

test('an earlier send that was lost says nothing of a later one', async () => {
  const sent = await harness.open({ plan: SMS_WHATSAPP }, NO_PACING);
  const claimed = await claimAll(sent);
  await harness.verifications.resend(sent.id, undefined, NO_PACING, harness.call());
  for (const one of claimed) await end(one, 'failed');
  expect(await read(sent)).toMatchObject({ undeliverable: false });
});

test('a repeat of the call gets the same deliveries', async () => {
  const input = openInput({ plan: SMS_WHATSAPP });
  const call = harness.call({ operation: `op-${harness.project}` });
  const first = await harness.verifications.open(input, policy, call);
  expect(await harness.verifications.open(input, policy, call)).toEqual(first);
  expect(await harness.verifications.sentBefore(input.addresses, call)).toEqual(first);
  expect(first).toMatchObject({ deliveries: [{ channel: 'sms' }, { channel: 'whatsapp' }] });
});

test('a channel without an address is refused, and nothing is sent', async () => {
  const sent = await harness.open({}, NO_PACING);
  for (const channel of ['email', 'push'] as const) {
    const refused = await harness.verifications.resend(sent.id, channel, NO_PACING, harness.call());
    expect(refused).toEqual({ result: 'no_address', channel });
  }
  expect((await read(sent)).deliveries).toHaveLength(1);
  const plan = { kind: 'at_once', channels: ['sms', 'email'] } as const;
  await expect(harness.open({ plan })).rejects.toThrow(/email/);
  const email = await harness.open({
    addresses: { email: 'only@example.com' },
    plan: { ...plan, channels: ['email'] },
  });
  const refused = await harness.verifications.resend(email.id, 'sms', NO_PACING, harness.call());
  expect(refused).toEqual({ result: 'no_address', channel: 'sms' });
});

test('what its message shows stands sealed with it, and a claim gives it', async () => {
  const context = {
    locale: 'pt-BR',
    variables: { name: 'Ada' },
    autofill: { domain: 'shop.example', app_hash: 'FA+9qCX9VSu' },
    binding: { amount: '10.00', payee: 'ACME' },
  };
  const sent = await harness.open({ context, binding: context.binding, plan: SMS_WHATSAPP });
  for (const claimed of await claimAll(sent)) expect(claimed).toMatchObject(context);
  const held = Object.values(await harness.redis.hgetallBuffer(await keyOf(sent)));
  expect(held.some((value) => value.includes('ACME') || value.includes('shop.example'))).toBe(false);
});

test('one of a single address stays a small hash: its fields are as few and its values as short as before', async () => {
  const plain = await harness.open();
  const fields = (await harness.redis.hkeys(await keyOf(plain))).toSorted();
  expect(fields).toEqual(
    [
      'C',
      'R',
      'T',
      'b',
      'c',
      'c1',
      'f',
      'g',
      'h1',
      'l',
      'm',
      'n',
      'o',
      'p',
      'q',
      's',
      's1',
      't',
      'u',
      'x',
      'x1',
    ].toSorted(),
  );
  const steps = Array.from({ length: 5 }, () => ({ channel: 'whatsapp', timeout_s: 600 }) as const);
  const longest = await harness.open({ plan: { kind: 'in_turn', steps } }, { onUnknown: 'wait' });
  for (const sent of [plain, longest])
    expect(await harness.redis.object('ENCODING', await keyOf(sent))).toBe('listpack');
});

async function keyOf({ id }: Opened): Promise<string> {
  for (let shard = 0; shard < 64; shard += 1) {
    const key = `ww:{${String(shard).padStart(2, '0')}}:v:${id.slice('ver_'.length)}`;
    if ((await harness.redis.exists(key)) === 1) return key;
  }
  throw new Error(`${id} is not in Redis`);
}
