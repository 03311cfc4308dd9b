import type { Channel } from '@watchword/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Harness, LEASE_MS, NO_PACING, type Opened, opened, openInput, policy, startHarness } from './harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.close());

const SMS_WHATSAPP = { kind: 'at_once', channels: ['sms', 'whatsapp'] } as const;

const claimAll = (sent: Opened) => Promise.all(sent.deliveries.map(({ id }) => harness.claim(id)));

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
  expect(await harness.read(sent)).toMatchObject({ addresses, deliveries: channels.map((channel) => ({ channel })) });
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
  const claimed = await harness.claim(sent.deliveryId);
  expect(claimed).toMatchObject({ channel: 'email', destination: email });
  expect(await harness.read(sent)).toMatchObject({ addresses: { email } });
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

test('what one of them has sent leaves the code to the others, and the last of them erases it', async () => {
  const sent = await harness.open({ plan: SMS_WHATSAPP });
  const [first, second] = sent.deliveries.map(({ id }) => id) as [string, string];
  const { code, attempt } = await harness.claim(first);
  await harness.settle({ attempt }, 'accepted');
  const claimed = await harness.claim(second);
  expect(claimed.code).toBe(code);
  const key = harness.keysOf(sent).verification;
  expect(await harness.redis.hexists(key, 'c1')).toBe(1);
  await harness.settle(claimed, 'accepted');
  expect(await harness.redis.hexists(key, 'c1')).toBe(0);
});

test('a resend goes as it was opened, or over one channel; the last three sends stay valid, not the last three messages', async () => {
  const sent = await harness.open({ plan: SMS_WHATSAPP }, NO_PACING);
  const codes = [(await harness.claim(sent.deliveryId)).code];
  for (const channel of [undefined, 'sms', undefined] as const) {
    const again = opened(await harness.verifications.resend(sent.id, channel, NO_PACING, harness.call()));
    expect(again.deliveries.map((delivery) => delivery.channel)).toEqual(channel ? [channel] : SMS_WHATSAPP.channels);
    const claimed = await claimAll(again);
    expect(new Set(claimed.map(({ code }) => code)).size).toBe(1);
    codes.push(claimed[0]?.code ?? '');
    expect(again.sendsRemaining).toBe(policy.sendsMax - codes.length);
  }
  expect((await harness.read(sent)).deliveries.map(({ channel }) => channel)).toEqual(
    ['sms', 'whatsapp', 'sms', 'whatsapp', 'sms', 'sms', 'whatsapp'].slice(0, 7),
  );
  expect(new Set(codes).size).toBe(4);
  expect(await harness.judge(sent.id, codes[0] as string)).toMatchObject({ result: 'incorrect' });
  expect(await harness.judge(sent.id, codes[1] as string)).toMatchObject({ result: 'approved' });
});

test('in resend mode rotate every message of the send before is worth nothing, and none is sent any more', async () => {
  const sent = await harness.open({ plan: SMS_WHATSAPP }, { ...NO_PACING, codesValidMax: 1 });
  const { code } = await harness.claim(sent.deliveryId);
  const again = opened(await harness.verifications.resend(sent.id, undefined, NO_PACING, harness.call()));
  expect(await harness.deliveries.claim(sent.deliveries[1]?.id ?? '', LEASE_MS)).toEqual({ result: 'ended' });
  expect(await harness.judge(sent.id, code)).toMatchObject({ result: 'incorrect' });
  const claimed = await claimAll(again);
  expect(await harness.judge(sent.id, claimed[1]?.code ?? '')).toMatchObject({ result: 'approved' });
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
  expect((await harness.read(sent)).deliveries).toHaveLength(1);
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
  const held = Object.values(await harness.redis.hgetallBuffer(harness.keysOf(sent).verification));
  expect(held.some((value) => value.includes('ACME') || value.includes('shop.example'))).toBe(false);
});

test('one of a single address stays a small hash: its fields are as few and its values as short as before', async () => {
  const plain = await harness.open();
  const fields = (await harness.redis.hkeys(harness.keysOf(plain).verification)).toSorted();
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
    expect(await harness.redis.object('ENCODING', harness.keysOf(sent).verification)).toBe('listpack');
});
