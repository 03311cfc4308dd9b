import { type AddressInfo, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ProviderAdapter } from '../src/index.ts';
import { TWILIO_CODES } from '../src/providers/twilio/error-table.ts';
import { createTwilioProvider } from '../src/providers/twilio/twilio-provider.ts';
import {
  CREDENTIAL,
  describeProviderContract,
  message,
  type ProviderSubject,
  TEXT,
  TO,
  verdictOf,
} from './provider-contract.ts';
import { ACCOUNT, accepted, call, config, FROM } from './twilio-account.ts';
import { json, startWire, type Wire } from './wire.ts';

const refuse = (status: number, code: number) =>
  json(status, {
    code,
    message: `The 'To' number ${TO} is wrong: ${TEXT}`,
    more_info: 'https://www.twilio.com/',
    status,
  });

/** As Twilio's error dictionary has them; each kind of message may meet them all. */
const DESTINATION = [
  21211, 21214, 21217, 21265, 21610, 21612, 21614, 21635, 30003, 30004, 30005, 30006, 63003, 63024,
  // Of calls.
  13223, 13224, 13225, 13226, 21216,
];
const CONFIGURATION = [
  20003, 20005, 20006, 20404, 21212, 21266, 21408, 21602, 21603, 21606, 21608, 21617, 21654, 21655, 21656, 21659, 21701,
  21703, 21704, 21705, 30002, 30007, 30018, 30023, 30024, 30032, 30034, 30035, 63016,
  // Of calls.
  13227, 21210, 21215,
];
const TRANSIENT = [10004, 20429, 20500, 20503, 21611, 30001, 30008, 30017, 30022, 30036, 30410, 63017, 63018];

const subject = (channel: 'sms' | 'voice', created: object): ProviderSubject => ({
  name: 'twilio',
  channel,
  create: (baseUrl) => createTwilioProvider(config(baseUrl)),
  accepted: channel === 'sms' ? { segments: 1 } : {},
  wire: {
    ok: json(201, created),
    okBody: JSON.stringify(created),
    throttle: refuse(429, 20429),
    auth: refuse(401, 20003),
    reject: refuse(400, 21211),
  },
  codes: { throttle: '20429', auth: '20003', reject: '21211' },
  withoutId: [
    { ...created, sid: null },
    { ...created, sid: '' },
    { ...created, sid: 'x'.repeat(129) },
  ],
  table: [
    ...DESTINATION.map((code) => [code, 'destination'] as const),
    ...CONFIGURATION.map((code) => [code, 'configuration'] as const),
    ...TRANSIENT.map((code) => [code, 'transient'] as const),
    [30450, 'fraud'],
  ],
  unlisted: 9999,
  refuse: (code) => refuse(400, Number(code)),
});

describeProviderContract(subject('sms', accepted));
describeProviderContract(subject('voice', call));

test('has a verdict for no code that its test does not name', () => {
  const named = [...DESTINATION, ...CONFIGURATION, ...TRANSIENT, 30450].map(String);
  expect(named.toSorted()).toEqual([...TWILIO_CODES.keys()].toSorted());
});

describe("twilio's wire", () => {
  let wire: Wire;
  let provider: ProviderAdapter;
  beforeAll(async () => {
    wire = await startWire();
    provider = createTwilioProvider(config(wire.url));
  });
  afterAll(async () => {
    await provider.close();
    await wire.close();
  });
  const lastForm = () => Object.fromEntries(new URLSearchParams(wire.received.at(-1)?.body));

  test('sends a form with Basic auth to the account', async () => {
    wire.answer(json(201, accepted));
    await provider.send(message({ text: 'Grüße & 1+1=2' }));
    expect(wire.received.at(-1)).toMatchObject({
      method: 'POST',
      path: `/2010-04-01/Accounts/${ACCOUNT}/Messages.json`,
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: `Basic ${Buffer.from(`${ACCOUNT}:${CREDENTIAL}`).toString('base64')}`,
      },
    });
    expect(lastForm()).toEqual({ To: TO, From: FROM, Body: 'Grüße & 1+1=2', ValidityPeriod: '240' });
  });

  test('asks for receipts at the attempt’s own URL when it is told where', async () => {
    wire.answer(json(201, accepted));
    const other = createTwilioProvider({ ...config(wire.url), receiptsUrl: 'https://otp.example.com/hooks' });
    await other.send(message());
    await other.close();
    expect(lastForm()).toMatchObject({
      StatusCallback: 'https://otp.example.com/hooks/receipts/twilio/att_0123456789abcdefghjkmnpq',
    });
  });

  test('keeps the validity within 1 and 36000 s', async () => {
    wire.answer(json(201, accepted));
    await provider.send(message({ validitySeconds: 0.4 }));
    expect(lastForm()).toMatchObject({ ValidityPeriod: '1' });
    await provider.send(message({ validitySeconds: 99_999 }));
    expect(lastForm()).toMatchObject({ ValidityPeriod: '36000' });
  });

  test('sends through a messaging service when the sender is one', async () => {
    wire.answer(json(201, accepted));
    const service = `MG${'2'.repeat(32)}`;
    const other = createTwilioProvider({ ...config(wire.url), from: service });
    await other.send(message());
    await other.close();
    expect(lastForm()).toMatchObject({ MessagingServiceSid: service });
    expect(lastForm()).not.toHaveProperty('From');
  });

  test('judges a message that was created as failed by its error code', async () => {
    wire.answer(json(201, { ...accepted, status: 'failed', error_code: 21610 }));
    expect(verdictOf(await provider.send(message()))).toBe('destination');
  });

  test('reads the code of an RFC 9457 answer', async () => {
    wire.answer(json(400, { type: 'https://twilio.com/problem', title: `Bad ${TO}`, status: 400, code: 21614 }));
    expect(await provider.send(message())).toEqual({
      outcome: 'rejected',
      class: 'destination',
      providerCode: '21614',
    });
  });

  test('takes Retry-After along with a throttling code', async () => {
    wire.answer(json(429, { code: 20429, message: 'Too many', status: 429 }, { 'retry-after': '2' }));
    expect(await provider.send(message())).toEqual({
      outcome: 'transient',
      providerCode: '20429',
      retryAfterMs: 2_000,
    });
  });

  test('takes no code that is not a number', async () => {
    wire.answer(json(400, { code: TEXT, message: TEXT, status: 400 }));
    expect(await provider.send(message())).toEqual({
      outcome: 'rejected',
      class: 'configuration',
      providerCode: 'http_400',
    });
  });

  test('writes nothing once the signal has fired', async () => {
    const before = wire.received.length;
    const result = await provider.send(message({ signal: AbortSignal.abort() }));
    expect(result).toEqual({ outcome: 'transient', providerCode: 'timeout' });
    expect(wire.received.length).toBe(before);
  });

  test('writes nothing when the signal fires while the connection is made', async () => {
    wire.answer(json(201, accepted));
    const before = wire.received.length;
    const fresh = createTwilioProvider(config(wire.url));
    const hasty = new AbortController();
    const given = fresh.send(message({ signal: hasty.signal, text: 'given up' }));
    hasty.abort();
    expect(await given).toEqual({ outcome: 'transient', providerCode: 'timeout' });
    expect(await fresh.send(message({ text: 'in time' }))).toMatchObject({ outcome: 'accepted' });
    expect(wire.received.slice(before).map(({ body }) => new URLSearchParams(body).get('Body'))).toEqual(['in time']);
    await fresh.close();
  });

  test('calls a connection that never stands transient', async () => {
    const silent = createServer((socket) => socket.resume());
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    // TLS that is never answered: the TCP connection stands, the request waits.
    const stuck = createTwilioProvider(config(`https://127.0.0.1:${port}`));
    const result = await stuck.send(message({ signal: AbortSignal.timeout(200) }));
    expect(result).toEqual({ outcome: 'transient', providerCode: 'timeout' });
    await stuck.close();
    await new Promise((resolve) => silent.close(resolve));
  });
});
