import {
  acceptedVerificationSchema,
  CHANNELS,
  type Channel,
  consumedTokenSchema,
  type Verification,
  verificationSchema,
} from '@watchword/contracts';
import { eventually } from '@watchword/testkit';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { newEmail, newNumber, newToken, type StartedOtp, startOtp } from './started-otp.fixture.ts';

let otp: StartedOtp;
beforeAll(async () => {
  otp = await startOtp();
});
afterAll(() => otp.close());
beforeEach(() => otp.newProject());

type Answered = Awaited<ReturnType<StartedOtp['hop']>>;
const newAddresses = () => ({ phone: newNumber(), email: newEmail(), device_token: newToken() });
const deliveriesOf = ({ status, body }: Answered) => {
  expect(status).toBe(202);
  return acceptedVerificationSchema.strict().parse(body).deliveries;
};
const channelsOf = (answered: Answered) => deliveriesOf(answered).map(({ channel }) => channel);
async function read(id: unknown): Promise<Verification> {
  const { body } = await otp.hop({ method: 'GET', path: `/v1/verifications/${String(id)}` });
  return verificationSchema.strict().parse(body);
}
const statusesOf = async (id: unknown) => (await read(id)).deliveries.map(({ channel, status }) => [channel, status]);
/** The next delivery of a workflow, once the ticker has brought it to its queue. */
const nextOf = (id: unknown, channel: Channel, timeoutMs = 3_000) =>
  eventually(`a delivery over ${channel} is queued`, timeoutMs, async () => {
    const delivery = (await read(id)).deliveries.findLast((one) => one.channel === channel);
    return delivery && (await otp.isQueued(channel, delivery.id)) ? delivery : undefined;
  });

describe('a code goes', () => {
  test('over the usual channel of an address alone, by the queue of that channel', async () => {
    for (const [to, channel, masked] of [
      [newNumber(), 'sms', /^\+1\*{8}\d\d$/],
      [newEmail(), 'email', /^.\*\*\*@example\.com$/],
      [newToken(), 'push', /^\*\*\*.{4}$/],
    ] as const) {
      const opened = await otp.open(to);
      const [delivery] = deliveriesOf(opened);
      expect(delivery).toMatchObject({ channel, to_masked: expect.stringMatching(masked) as string });
      for (const one of CHANNELS) expect(await otp.isQueued(one, delivery?.id ?? '')).toBe(one === channel);
      expect(await otp.claim(opened.body)).toMatchObject({ channel, destination: to });
      expect((await read(opened.body.id)).deliveries).toMatchObject([{ channel, to_masked: delivery?.to_masked }]);
    }
  });

  test('over the channel that is asked for', async () => {
    for (const channel of ['whatsapp', 'voice', 'sms'] as const) {
      const opened = await otp.open(newNumber(), { channel });
      expect(channelsOf(opened)).toEqual([channel]);
      expect(await otp.isQueued(channel, deliveriesOf(opened)[0]?.id ?? '')).toBe(true);
    }
  });

  test('over several channels at once: each delivery has its queue and address, all have one code', async () => {
    const to = newAddresses();
    const opened = await otp.open(to, { channels: ['sms', 'email', 'push'] });
    const deliveries = deliveriesOf(opened);
    expect(deliveries.map(({ channel }) => channel)).toEqual(['sms', 'email', 'push']);
    for (const { id, channel } of deliveries) expect(await otp.isQueued(channel, id)).toBe(true);
    const claimed = [await otp.claim(opened.body, 0), await otp.claim(opened.body, 1), await otp.claim(opened.body, 2)];
    expect(claimed.map(({ destination }) => destination)).toEqual([to.phone, to.email, to.device_token]);
    expect(new Set(claimed.map(({ code }) => code)).size).toBe(1);
    expect(opened.body).toMatchObject({ sends_remaining: 4 });
    expect((await otp.check(opened.body.id, claimed[1]?.code ?? '')).body).toMatchObject({ valid: true });
  });

  test('over one channel after another: the next one when the last has failed, within a second', async () => {
    const to = newAddresses();
    const workflow = [{ channel: 'whatsapp' }, { channel: 'email', timeout_s: 60 }, { channel: 'sms' }];
    const opened = await otp.open(to, { workflow });
    expect(channelsOf(opened)).toEqual(['whatsapp']);
    const first = await otp.claim(opened.body);
    await otp.settle(first, 'failed');
    const second = await nextOf(opened.body.id, 'email', 1_500);
    expect(second.to_masked).toMatch(/@example\.com$/);
    expect(await statusesOf(opened.body.id)).toEqual([
      ['whatsapp', 'failed'],
      ['email', 'queued'],
    ]);
    const claimed = await otp.claim({ deliveries: [second] });
    expect(claimed).toMatchObject({ destination: to.email, code: first.code });
    await otp.settle(claimed, 'accepted', false);
    expect((await read(opened.body.id)).deliveries).toHaveLength(2);
    expect((await otp.check(opened.body.id, first.code)).body).toMatchObject({ valid: true });
  });

  test('on over the next channel when no receipt comes in time', async () => {
    const workflow = [{ channel: 'whatsapp', timeout_s: 5 }, { channel: 'sms' }];
    const { body } = await otp.open(newNumber(), { workflow });
    await otp.settle(await otp.claim(body), 'accepted');
    expect((await read(body.id)).deliveries).toHaveLength(1);
    await nextOf(body.id, 'sms', 8_000);
  });
});

describe('a workflow of the call', () => {
  const refused = async (workflow: object[]) => {
    const { status, body } = await otp.open(newNumber(), { workflow, purpose: 'password_reset' });
    return [status, body.code, (body.errors as { pointer: string }[] | undefined)?.map(({ pointer }) => pointer)];
  };

  test('keeps no later step from beginning: each that waits has an end, before the code’s', async () => {
    await otp.publish({ policies: { password_reset: { on_unknown: 'wait', code_ttl_seconds: 60 } } });
    const last = { channel: 'sms' };
    const at = (step: number) => [400, 'invalid_request', [`/workflow/${step}/timeout_s`]];
    expect(await refused([{ channel: 'voice', timeout_s: 10 }, { channel: 'whatsapp' }, last])).toEqual(at(1));
    expect(await refused([{ channel: 'whatsapp', timeout_s: 36 }, last])).toEqual(at(0));
    expect(await refused([{ channel: 'whatsapp', timeout_s: 35 }, last])).toEqual([202, undefined, undefined]);
  });
});

describe('the policy of a purpose', () => {
  test('says over which channels its codes go, as far as there is an address; the call goes first', async () => {
    await otp.publish({ policies: { password_reset: { workflow: [{ channel: 'email' }, { channel: 'whatsapp' }] } } });
    const channels = async (to: string | object, more: object = {}) =>
      channelsOf(await otp.open(to, { purpose: 'password_reset', ...more }));
    expect(await channels({ phone: newNumber(), email: newEmail() })).toEqual(['email']);
    expect(await channels(newNumber())).toEqual(['whatsapp']);
    expect(await channels(newToken())).toEqual(['push']);
    expect(await channels(newNumber(), { channel: 'voice' })).toEqual(['voice']);
    expect(channelsOf(await otp.open(newNumber(), { purpose: 'login' }))).toEqual(['sms']);
  });

  test('says what an unknown outcome is worth', async () => {
    await otp.publish({ policies: { login: { on_unknown: 'wait' } } });
    expect(await otp.claim((await otp.open(newNumber())).body)).toMatchObject({ onUnknown: 'wait' });
    const other = await otp.open(newNumber(), { purpose: 'registration' });
    expect(await otp.claim(other.body)).toMatchObject({ onUnknown: 'resend' });
  });
});

describe('what cannot be reached is refused before anything is done', () => {
  test.each([
    [{ phone: '+14155550123' }, { channel: 'email' }, ['/to/email']],
    [{ email: 'ann@example.com' }, { channels: ['email', 'sms', 'push'] }, ['/to/phone', '/to/device_token']],
    [{ phone: '+14155550123' }, { workflow: [{ channel: 'sms' }, { channel: 'push' }] }, ['/to/device_token']],
    ['+14155550123', { channel: 'email' }, ['/to']],
    [{ phone: '0151', email: 'nobody' }, {}, ['/to/phone', '/to/email']],
    ['0151 2345678', {}, ['/to']],
  ] as const)('%j with %j: %j', async (to, ways, pointers) => {
    const { status, body } = await otp.open(to, ways);
    expect({ status, code: body.code }).toEqual({ status: 422, code: 'invalid_destination' });
    expect((body.errors as { pointer: string }[]).map(({ pointer }) => pointer)).toEqual(pointers);
  });

  test.each([
    [{}, ['/to']],
    [{ phone: 5 }, ['/to/phone']],
    [{ phone: '+14155550123', fax: '+14155550123', email: {} }, ['/to/email', '/to/fax']],
    [[], ['/to']],
    [{ email: 'a'.repeat(255) }, ['/to/email']],
  ])('a body whose `to` is %j: %j', async (to, pointers) => {
    const { status, body } = await otp.open(to);
    expect({ status, code: body.code }).toEqual({ status: 400, code: 'invalid_request' });
    expect((body.errors as { pointer: string }[]).map((error) => error.pointer)).toEqual(pointers);
  });

  test('more than one way at once is a mistake of the body', async () => {
    const { status, body } = await otp.open(newNumber(), { channel: 'sms', workflow: [{ channel: 'sms' }] });
    expect({ status, errors: body.errors }).toMatchObject({ status: 400, errors: [{ pointer: '/workflow' }] });
  });
});

describe('a resend', () => {
  test('goes as the verification was opened, or over the channel that it names', async () => {
    const to = { phone: newNumber(), email: newEmail() };
    const { body } = await otp.open(to, { channels: ['sms', 'email'] });
    expect(channelsOf(await otp.resend(body.id))).toEqual(['sms', 'email']);
    const other = await otp.resend(body.id, {}, { channel: 'voice' });
    expect(channelsOf(other)).toEqual(['voice']);
    expect(await otp.isQueued('voice', deliveriesOf(other)[0]?.id ?? '')).toBe(true);
    expect(other.body).toMatchObject({ sends_remaining: 2 });
    expect((await read(body.id)).deliveries.map(({ channel }) => channel)).toEqual([
      'sms',
      'email',
      'sms',
      'email',
      'voice',
    ]);
  });

  test('over a channel that there is no address for is refused, and counts nowhere', async () => {
    const { body } = await otp.open(newNumber());
    expect(await otp.resend(body.id, {}, { channel: 'email' })).toMatchObject({
      status: 422,
      body: { code: 'invalid_destination', errors: [{ pointer: '/channel' }] },
    });
    expect((await otp.resend(body.id)).body).toMatchObject({ sends_remaining: 3 });
  });

  test('a second call for the addresses is one, and may take other channels', async () => {
    const to = { phone: newNumber(), email: newEmail() };
    const { body: first } = await otp.open(to, { channels: ['sms', 'email'] });
    const second = await otp.open(to, { channel: 'whatsapp' });
    expect(second.body.id).toBe(first.id);
    expect(channelsOf(second)).toEqual(['whatsapp']);
  });
});

test('a repeat under one key gets the same deliveries', async () => {
  const to = { phone: newNumber(), email: newEmail() };
  const operation = `op-${otp.project()}`;
  const [first, again] = [
    await otp.open(to, { channels: ['sms', 'email'] }, { operation }),
    await otp.open(to, { channels: ['sms', 'email'] }, { operation }),
  ];
  expect(deliveriesOf(again)).toEqual(deliveriesOf(first));
  expect((await read(first.body.id)).deliveries).toHaveLength(2);
});

test('a repeat under one key gets its own answer, whatever its purpose’s policy has become', async () => {
  const to = { phone: newNumber(), email: newEmail() };
  const operation = `op-${otp.project()}`;
  const workflow = [{ channel: 'whatsapp', timeout_s: 60 }, { channel: 'email' }];
  const open = (call: object) => otp.open(to, { workflow }, call);
  const first = await open({ operation });
  await otp.publish({ policies: { login: { code_ttl_seconds: 30, workflow: [{ channel: 'voice' }] } } });
  expect(await open({})).toMatchObject({ status: 400, body: { errors: [{ pointer: '/workflow/0/timeout_s' }] } });
  expect(deliveriesOf(await open({ operation }))).toEqual(deliveriesOf(first));
});

test('a verification is checked and erased by any address that its code went to, however it is written', async () => {
  const to = { phone: newNumber(), email: newEmail() };
  const { body } = await otp.open({ ...to, email: ` ${to.email.toUpperCase()} ` }, { channels: ['sms', 'email'] });
  const { code } = await otp.claim(body);
  const check = (destination: string, guess: string) =>
    otp.hop({ path: '/v1/verifications/check', body: { to: destination, code: guess } });
  expect((await check(to.email, code === '000000' ? '000001' : '000000')).body).toMatchObject({ result: 'incorrect' });
  expect((await check(to.phone, code)).body).toMatchObject({ result: 'approved', checks_remaining: 1 });

  const { body: other } = await otp.open(to, { purpose: 'registration', channels: ['sms', 'email'] });
  const erased = await otp.hop({ path: '/v1/destinations/erase', body: { to: to.email.toUpperCase() } });
  expect(erased.status).toBe(202);
  expect(await read(other.id)).toMatchObject({
    status: 'canceled',
    deliveries: [
      { channel: 'sms', to_masked: '+***' },
      { channel: 'email', to_masked: '***' },
    ],
  });
});

test('an approval names the address that it is of', async () => {
  const to = newEmail();
  const { body } = await otp.open(to);
  const { code } = await otp.claim(body);
  const { token } = (await otp.check(body.id, code)).body;
  const consumed = await otp.hop({ path: '/v1/tokens/consume', body: { token } });
  expect(consumed.body).toMatchObject({ to });
});

test('an approval names where its code went, not the address that was named first; of several it names all', async () => {
  const to = { phone: newNumber(), email: newEmail() };
  const { body } = await otp.open(to, { channel: 'email' });
  const { code } = await otp.claim(body);
  const { token } = (await otp.check(body.id, code)).body;
  expect(decodeJwt(String(token))).toMatchObject({ sub: to.email });
  expect(decodeJwt(String(token))).not.toHaveProperty('sent_to');
  const consumed = await otp.hop({ path: '/v1/tokens/consume', body: { token } });
  expect(consumedTokenSchema.strict().parse(consumed.body)).toMatchObject({ to: to.email });

  const others = { phone: newNumber(), email: newEmail() };
  const opened = await otp.open(others, { channels: ['sms', 'email'] });
  await otp.claim(opened.body);
  const { code: shared } = await otp.claim(opened.body, 1);
  const several = (await otp.check(opened.body.id, shared)).body.token;
  expect(decodeJwt(String(several))).toMatchObject({ sub: others.phone, sent_to: [others.phone, others.email] });
  const spent = await otp.hop({ path: '/v1/tokens/consume', body: { token: several } });
  expect(consumedTokenSchema.strict().parse(spent.body)).toMatchObject({
    to: others.phone,
    sent_to: [others.phone, others.email],
  });
});

test('what a message shows besides its code comes with the claim', async () => {
  const shown = {
    variables: { shop: 'Example Ltd' },
    autofill: { domain: 'example.com', app_hash: 'FA+9qCX9VSu' },
    binding: { amount: '25.00', payee: 'Ann' },
  };
  const { body } = await otp.open(newNumber(), { purpose: 'transaction', locale: 'pt-BR', ...shown });
  expect(await otp.claim(body)).toMatchObject({ ...shown, locale: 'pt-BR' });
});

test('each queue tells of itself', async () => {
  const metrics = await (await fetch(`${otp.adminUrl}/metrics`)).text();
  for (const channel of CHANNELS) {
    expect(metrics).toMatch(new RegExp(`watchword_queue_jobs\\{[^}]*queue="${channel}"[^}]*state="waiting"`));
    expect(metrics).toMatch(new RegExp(`watchword_queue_oldest_job_age_seconds\\{[^}]*queue="${channel}"`));
  }
});
