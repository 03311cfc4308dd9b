import { Secret } from '@watchword/platform';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { kindOf, type ProviderAdapter } from '../src/index.ts';
import { VONAGE_SMS_STATUSES } from '../src/providers/vonage/error-table.ts';
import { createVonageProvider } from '../src/providers/vonage/vonage-provider.ts';
import { CREDENTIAL, describeProviderContract, message, NO_TEXT, TEXT, TO, verdictOf } from './provider-contract.ts';
import { json, startWire, type Wire } from './wire.ts';

const config = (baseUrl: string, timeoutMs = 5_000) => ({
  mode: 'test' as const,
  apiKey: 'abcd1234',
  apiSecret: new Secret(CREDENTIAL),
  from: 'Watchword',
  baseUrl,
  timeoutMs,
});

const part = {
  to: TO.slice(1),
  'message-id': '0A0000000123ABCD1',
  status: '0',
  'message-price': '0.03',
  network: '310',
};
const accepted = { 'message-count': '1', messages: [part] };
/** HTTP 200 on failure too, and `message-count` a string: as the real one. */
const refuse = (status: number | string) =>
  json(200, {
    'message-count': '1',
    messages: [{ to: TO.slice(1), status: String(status), 'error-text': `No: ${TEXT}` }],
  });

const DESTINATION = [6, 7, 33];
const CONFIGURATION = [2, 3, 4, 8, 9, 11, 12, 14, 15, 22, 23, 29, 32];
const TRANSIENT = [1, 5, 10];

describeProviderContract({
  name: 'vonage',
  channel: 'sms',
  create: (baseUrl, timeoutMs) => createVonageProvider(config(baseUrl, timeoutMs)),
  accepted: { segments: 1 },
  wire: {
    ok: json(200, accepted),
    okBody: JSON.stringify(accepted),
    throttle: refuse(1),
    auth: refuse(4),
    reject: refuse(6),
  },
  codes: { throttle: '1', auth: '4', reject: '6' },
  withoutId: [
    { messages: [{ status: '0' }] },
    { messages: [{ status: NO_TEXT }] },
    { messages: [{ status: '0', 'message-id': '' }] },
    { messages: [{ status: '0', 'message-id': 'x'.repeat(129) }] },
  ],
  table: [
    ...DESTINATION.map((code) => [code, 'destination'] as const),
    ...CONFIGURATION.map((code) => [code, 'configuration'] as const),
    ...TRANSIENT.map((code) => [code, 'transient'] as const),
  ],
  unlisted: 9999,
  refuse,
});

test('has a verdict for no status that its test does not name', () => {
  const named = [...DESTINATION, ...CONFIGURATION, ...TRANSIENT].map(String);
  expect(named.toSorted()).toEqual([...VONAGE_SMS_STATUSES.keys()].toSorted());
});

describe("vonage's wire", () => {
  let wire: Wire;
  let provider: ProviderAdapter;
  beforeAll(async () => {
    wire = await startWire();
    provider = createVonageProvider(config(wire.url));
  });
  afterAll(async () => {
    await provider.close();
    await wire.close();
  });
  const lastBody = (): unknown => JSON.parse(wire.received.at(-1)?.body ?? '');

  test('sends JSON with Basic auth, the number without its +, and the attempt as client reference', async () => {
    wire.answer(json(200, accepted));
    await provider.send(message());
    expect(wire.received.at(-1)).toMatchObject({
      method: 'POST',
      path: '/sms/json',
      headers: {
        'content-type': 'application/json',
        authorization: `Basic ${Buffer.from(`abcd1234:${CREDENTIAL}`).toString('base64')}`,
      },
    });
    expect(lastBody()).toEqual({
      from: 'Watchword',
      to: TO.slice(1),
      text: TEXT,
      ttl: 240_000,
      'client-ref': 'att_0123456789abcdefghjkmnpq',
    });
  });

  test('asks for receipts at the attempt’s own URL when it is told where', async () => {
    wire.answer(json(200, accepted));
    const other = createVonageProvider({ ...config(wire.url), receiptsUrl: 'https://otp.example.com/hooks' });
    await other.send(message());
    await other.close();
    expect(lastBody()).toMatchObject({
      callback: 'https://otp.example.com/hooks/receipts/vonage/att_0123456789abcdefghjkmnpq',
    });
  });

  test('never asks for less than 20 s of validity', async () => {
    wire.answer(json(200, accepted));
    await provider.send(message({ validitySeconds: 3 }));
    expect(lastBody()).toMatchObject({ ttl: 20_000 });
  });

  test('asks for unicode only when the text is not GSM-7', async () => {
    wire.answer(json(200, accepted));
    await provider.send(message({ text: 'Привет 123456' }));
    expect(lastBody()).toMatchObject({ type: 'unicode' });
    await provider.send(message({ text: 'Grüße {1} €' }));
    expect(lastBody()).not.toHaveProperty('type');
  });

  test('accepts a message that the SDK throws for because its status is a number', async () => {
    wire.answer(json(200, { 'message-count': '1', messages: [{ ...part, status: 0 }] }));
    expect(await provider.send(message())).toMatchObject({ outcome: 'accepted' });
  });

  test('counts the parts, and calls parts that disagree unknown', async () => {
    wire.answer(json(200, { 'message-count': '2', messages: [part, part] }));
    expect(await provider.send(message())).toMatchObject({ outcome: 'accepted', segments: 2 });
    wire.answer(json(200, { 'message-count': '2', messages: [part, { status: '1', 'error-text': 'Throttled' }] }));
    expect(await provider.send(message())).toEqual({ outcome: 'unknown', providerCode: '1' });
  });

  test('reads the status inside an HTTP error', async () => {
    wire.answer(json(401, { messages: [{ status: '4', 'error-text': `Bad Credentials ${CREDENTIAL}` }] }));
    expect(await provider.send(message())).toEqual({ outcome: 'rejected', class: 'configuration', providerCode: '4' });
    wire.answer(json(401, { title: 'Unauthorized' }));
    expect(verdictOf(await provider.send(message()))).toBe('configuration');
  });

  test('takes no status that is not a number', async () => {
    wire.answer(refuse(TEXT));
    expect(await provider.send(message())).toEqual({ outcome: 'unknown', providerCode: 'unreadable_answer' });
  });

  test('ends the call itself after its own time-out', async () => {
    const closed = new Promise<void>((resolve) => {
      wire.answer((response) => response.socket?.once('close', () => resolve()));
    });
    const hasty = createVonageProvider(config(wire.url, 500));
    expect(await hasty.send(message())).toEqual({ outcome: 'unknown', providerCode: 'timeout' });
    await closed;
  });

  test('asks a project’s account for receipts only when somebody could believe them', async () => {
    const given = async (credentials: Record<string, string>, reference = 'default.prv_1') => {
      const settings = { api_key: 'abcd1234', from: 'Acme' };
      const account = { mode: 'live', settings, credentials: { api_secret: CREDENTIAL, ...credentials } } as const;
      const made = kindOf('vonage').createProvider(account, {
        sandboxUrl: wire.url,
        sandboxSmtpUrl: '',
        receiptsUrl: 'https://otp.example.com',
        timeoutMs: 1_000,
        baseUrl: undefined,
        reference,
      });
      await made.close();
      return made.givesReceipts;
    };
    expect(await given({})).toBe(false);
    expect(await given({ signature_secret: CREDENTIAL })).toBe(true);
    expect(await given({}, 'platform')).toBe(true);
  });
});
