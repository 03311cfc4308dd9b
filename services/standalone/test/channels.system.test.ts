import { eventually, freshNumber, type Platform, startPlatform } from '@watchword/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

const ADMIN = 'admin@acme.example';

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform({ env: { ADMIN_EMAIL: ADMIN, USER_SENDS_PER_MINUTE: '0' } });
});
afterEach(() => platform.clearFaults());
afterAll(() => platform.stop());

let addresses = 0;
const freshEmail = () => {
  addresses += 1;
  return `user${addresses}.${freshNumber().slice(1)}@acme.example`;
};
const freshToken = () => `device-${freshNumber().slice(1)}:APA91b`;

const read = async (id: string) => (await platform.call('GET', `/v1/verifications/${id}`)).body;
const eventsOf = async (id: string, type: string) =>
  (await platform.timeline(id)).body.events.flatMap((event) => (event.type === type ? [event.data] : []));
const reaches = (id: string, delivery: number, status: string) =>
  eventually(`delivery ${delivery} ${status}`, 15_000, async () =>
    (await read(id)).deliveries[delivery - 1]?.status === status ? true : undefined,
  );

async function open(to: object | string, extra: object = {}) {
  const answer = await platform.call('POST', '/v1/verifications', { to, ...extra });
  expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 202 });
  return answer.body;
}

/** The primary of a channel gives receipts, or has said its last word when it accepts. */
describe.each([
  { channel: 'sms', provider: 'twilio', ends: 'delivered', address: freshNumber },
  { channel: 'whatsapp', provider: 'whatsapp_cloud', ends: 'delivered', address: freshNumber },
  { channel: 'voice', provider: 'twilio', ends: 'delivered', address: freshNumber },
  { channel: 'email', provider: 'smtp', ends: 'accepted', address: freshEmail },
  { channel: 'push', provider: 'fcm', ends: 'accepted', address: freshToken },
])('$channel through $provider', ({ channel, provider, ends, address }) => {
  test(`arrives, ends as ${ends} in the timeline, and its code verifies`, async () => {
    const to = address();
    const { id, deliveries } = await open(to, { channel });
    expect(deliveries).toMatchObject([{ channel, status: 'queued' }]);
    const message = await platform.waitForMessage(to);
    expect(message).toMatchObject({ channel, provider });
    await reaches(id, 1, ends);
    expect(await eventsOf(id, 'attempt.settled')).toMatchObject([{ provider, outcome: 'accepted' }]);
    const told = (await eventsOf(id, 'receipt.received')).map(({ status }) => status);
    expect(told.includes('delivered')).toBe(ends === 'delivered');
    expect((await platform.check(id, String(message.code))).body).toMatchObject({ valid: true });
  });
});

describe.each([
  { channel: 'sms', primary: 'twilio', secondary: 'vonage' },
  { channel: 'whatsapp', primary: 'whatsapp_cloud', secondary: 'wati' },
])('$channel', ({ channel, primary, secondary }) => {
  test(`goes through ${secondary} when ${primary} refuses, and is delivered by its receipt`, async () => {
    await platform.setFault(primary, { mode: 'auth', count: 1 });
    const to = freshNumber();
    const { id } = await open(to, { channel });
    expect(await platform.waitForMessage(to)).toMatchObject({ channel, provider: secondary });
    await reaches(id, 1, 'delivered');
  });
});

describe('a workflow', () => {
  const emailThenWhatsapp = { workflow: [{ channel: 'email', timeout_s: 5 }, { channel: 'whatsapp' }] };

  /** Its first step runs out, since no receipt comes; as soon as its call is there. */
  async function calledInTheEnd() {
    await platform.setFault('twilio', { mode: 'ok', receipt: { mode: 'no_receipt' } });
    const phone = freshNumber();
    const { id } = await open(phone, { workflow: [{ channel: 'sms', timeout_s: 5 }, { channel: 'voice' }] });
    const call = await eventually('a call', 20_000, async () =>
      (await platform.inbox(phone)).find(({ channel }) => channel === 'voice'),
    );
    return { id, call };
  }

  test('goes on to WhatsApp at once when the e-mail relay is down, with the same code', async () => {
    await platform.setFault('smtp', { mode: 'down' });
    const [email, phone] = [freshEmail(), freshNumber()];
    const { id } = await open({ email, phone }, { workflow: [{ channel: 'email' }, { channel: 'whatsapp' }] });
    const message = await platform.waitForMessage(phone, 5_000);
    expect(message).toMatchObject({ channel: 'whatsapp' });
    expect(await platform.inbox(email)).toEqual([]);
    const queued = await eventsOf(id, 'delivery.queued');
    expect(queued).toMatchObject([{ channel: 'email' }, { channel: 'whatsapp', reason: 'failed' }]);
    expect((await platform.check(id, String(message.code))).body).toMatchObject({ valid: true });
  });

  test('is satisfied by the acceptance of a provider without receipts', async () => {
    const [email, phone] = [freshEmail(), freshNumber()];
    const { id } = await open({ email, phone }, emailThenWhatsapp);
    await platform.waitForMessage(email);
    await reaches(id, 1, 'accepted');
    // A second verification, whose step of the same time-out does run out, is the clock for this one.
    await calledInTheEnd();
    expect(await platform.inbox(phone)).toEqual([]);
  });

  test('goes on when no receipt comes in time', async () => {
    const { id, call } = await calledInTheEnd();
    expect((await eventsOf(id, 'delivery.queued')).at(-1)).toMatchObject({ channel: 'voice', reason: 'timeout' });
    expect((await platform.check(id, String(call.code))).body).toMatchObject({ valid: true });
  });
});

test('two channels at once carry one code, and either verifies', async () => {
  const [email, phone] = [freshEmail(), freshNumber()];
  const { id, deliveries } = await open({ email, phone }, { channels: ['sms', 'email'] });
  expect(deliveries).toMatchObject([{ channel: 'sms' }, { channel: 'email' }]);
  const [sms, mail] = [await platform.waitForMessage(phone), await platform.waitForMessage(email)];
  expect(mail.code).toBe(sms.code);
  expect((await platform.check(id, String(mail.code))).body).toMatchObject({ valid: true });
});

test('when every channel fails it is undeliverable, and the project’s admins get an e-mail', async () => {
  await platform.setFault('twilio', { mode: 'reject' });
  await platform.setFault('whatsapp_cloud', { mode: 'reject' });
  const { id } = await open(freshNumber(), { channels: ['sms', 'whatsapp'] });
  await reaches(id, 1, 'failed');
  await reaches(id, 2, 'failed');
  expect(await read(id)).toMatchObject({ status: 'pending', undeliverable: true });
  expect(await eventsOf(id, 'verification.undeliverable')).toHaveLength(1);
  const notice = await platform.waitForMessage(ADMIN, 20_000);
  expect(notice).toMatchObject({ channel: 'email' });
  expect(notice.text).toContain('default');
});
