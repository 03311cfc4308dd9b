import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { newEmail, newNumber, newToken, type StartedOtp, startOtp } from './started-otp.fixture.ts';

let otp: StartedOtp;
beforeAll(async () => {
  otp = await startOtp();
});
afterAll(() => otp.close());
beforeEach(() => otp.newProject());

const GERMAN = '+4915112345';
const live = { mode: 'live' } as const;

test('a pause refuses codes and nothing else, and says what is paused', async () => {
  const { body: before } = await otp.open(newNumber());
  const { code } = await otp.claim(before);
  const { body: idle } = await otp.open(newNumber());
  await otp.publish({ pause: { all: true, countries: [] } });
  const refused = await otp.open(newNumber());
  expect(refused).toMatchObject({
    status: 403,
    retryAfter: '60',
    body: {
      code: 'sending_paused',
      retryable: true,
      retry_after_s: 60,
      detail: expect.stringContaining('Sending is paused') as string,
    },
  });
  expect(await otp.resend(before.id)).toMatchObject({ status: 403, body: { code: 'sending_paused' } });
  expect((await otp.check(before.id, code)).body).toMatchObject({ result: 'approved' });
  const path = `/v1/verifications/${String(idle.id)}`;
  expect(await otp.hop({ method: 'GET', path })).toMatchObject({ status: 200, body: { status: 'pending' } });
  expect(await otp.hop({ path: `${path}/cancel`, body: {} })).toMatchObject({ body: { status: 'canceled' } });
  // What has ended is said to have ended.
  expect(await otp.resend(idle.id)).toMatchObject({ status: 409, body: { code: 'not_pending' } });
});

test('a country that is paused is named, the others go on', async () => {
  await otp.publish({ pause: { all: false, countries: ['DE'] } });
  const { body } = await otp.open(newNumber(GERMAN));
  expect(body).toMatchObject({ code: 'sending_paused', detail: expect.stringContaining('DE') as string });
  expect((await otp.open(newNumber())).status).toBe(202);
});

test('countries that are not allowed are refused in live mode only', async () => {
  await otp.publish({ smsCountries: ['US'] });
  expect(await otp.open(newNumber(GERMAN), {}, live)).toMatchObject({
    status: 403,
    body: { code: 'country_not_allowed', detail: expect.stringContaining('DE') as string },
  });
  expect((await otp.open(newNumber(GERMAN))).status).toBe(202);
  const { status, body } = await otp.open(newNumber(), {}, live);
  expect(status).toBe(202);
  await otp.publish({ smsCountries: [] });
  expect(await otp.resend(body.id, live)).toMatchObject({ status: 403, body: { code: 'country_not_allowed' } });
});

test('a list blocks numbers and prefixes, and one that allows exempts from it and from the countries', async () => {
  const [blocked, byPrefix, exempt] = [newNumber(), newNumber('+44791112'), newNumber('+44791112')];
  const { body } = await otp.open(blocked);
  const lists = [otp.list('block', [blocked, '+4479*']), otp.list('allow', [exempt])];
  await otp.publish({ lists, smsCountries: ['US'] });
  for (const to of [blocked, byPrefix]) {
    expect(await otp.open(to)).toMatchObject({ status: 403, body: { code: 'destination_blocked' } });
  }
  expect(await otp.resend(body.id)).toMatchObject({ status: 403, body: { code: 'destination_blocked' } });
  expect((await otp.open(exempt, {}, live)).status).toBe(202);
  expect((await otp.open(newNumber(), {}, live)).status).toBe(202);
  await otp.publish({ lists, pause: { all: true, countries: [] } });
  expect(await otp.open(exempt)).toMatchObject({ status: 403, body: { code: 'sending_paused' } });
});

test('a list blocks e-mail addresses, too, also beside others that are not on it', async () => {
  const email = newEmail();
  await otp.publish({ lists: [otp.list('block', [email.toUpperCase()])] });
  for (const to of [email, { phone: newNumber(), email }]) {
    expect(await otp.open(to)).toMatchObject({ status: 403, body: { code: 'destination_blocked' } });
  }
  expect((await otp.open(newEmail())).status).toBe(202);
});

test('a pause of everything is of every channel; countries are asked for texts and calls only', async () => {
  await otp.publish({ smsCountries: ['US'] });
  const to = newNumber(GERMAN);
  for (const [channel, status] of [
    ['sms', 403],
    ['voice', 403],
    ['whatsapp', 202],
  ] as const) {
    expect((await otp.open(to, { channel }, live)).status).toBe(status);
  }
  const { body } = await otp.open({ phone: newNumber(GERMAN), email: newEmail() }, { channel: 'email' }, live);
  expect(body).toMatchObject({ deliveries: [{ channel: 'email' }] });
  // Over the channels that it was opened with no country is asked for, over another one it is.
  expect((await otp.resend(body.id, live)).status).toBe(202);
  expect(await otp.resend(body.id, live, { channel: 'sms' })).toMatchObject({ body: { code: 'country_not_allowed' } });
  await otp.publish({ pause: { all: true, countries: [] } });
  for (const paused of [newEmail(), newToken(), newNumber()]) {
    expect(await otp.open(paused)).toMatchObject({ status: 403, body: { code: 'sending_paused' } });
  }
});

test('what is refused counts nowhere', async () => {
  const to = newNumber();
  await otp.publish({ lists: [otp.list('block', [to])] });
  for (let calls = 0; calls < 6; calls += 1) expect((await otp.open(to)).status).toBe(403);
  await otp.publish({});
  expect((await otp.open(to)).body).toMatchObject({ sends_remaining: 4 });
});

test('a list that cannot be opened lets nothing through', async () => {
  const { entries, ...list } = otp.list('block', []);
  await otp.publish({ lists: [{ ...list, entries: Buffer.from(entries, 'base64').fill(0, 20).toString('base64') }] });
  expect(await otp.open(newNumber())).toMatchObject({ status: 503, nothingDone: true, body: { code: 'unavailable' } });
  await otp.publish({});
  expect((await otp.open(newNumber())).status).toBe(202);
});

test('a repeat of a call that sent before gets its own answer, whatever was decided since', async () => {
  const to = newNumber();
  const operation = `op-${otp.project()}`;
  const { body: first } = await otp.open(to, {}, { operation });
  const { body: second } = await otp.resend(first.id, { operation: `${operation}-2` });
  await otp.publish({ pause: { all: true, countries: [] } });
  expect(await otp.open(to, {}, { operation })).toMatchObject({ status: 202, body: first });
  expect(await otp.resend(first.id, { operation: `${operation}-2` })).toMatchObject({ status: 202, body: second });
  expect((await otp.open(to, {}, { operation: `${operation}-3` })).status).toBe(403);
});

test('each refusal is counted by its reason', async () => {
  await otp.publish({ pause: { all: true, countries: [] } });
  await otp.open(newNumber());
  const metrics = await (await fetch(`${otp.adminUrl}/metrics`)).text();
  for (const outcome of ['sending_paused', 'country_not_allowed', 'destination_blocked', 'unavailable']) {
    expect(metrics).toMatch(new RegExp(`watchword_sends_total\\{outcome="${outcome}",service="otp"\\} [1-9]`));
  }
});
