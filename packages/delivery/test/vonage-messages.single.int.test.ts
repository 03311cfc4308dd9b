import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ProviderAdapter } from '../src/index.ts';
import type { VonageMessagesConfig } from '../src/providers/vonage-messages/config.ts';
import { VONAGE_ERROR_WORDS, VONAGE_MESSAGES_CODES } from '../src/providers/vonage-messages/error-table.ts';
import { createVonageMessagesProvider } from '../src/providers/vonage-messages/vonage-messages-provider.ts';
import {
  CODE,
  CREDENTIAL,
  describeProviderContract,
  message,
  NO_TEXT,
  type ProviderSubject,
  TEXT,
  TO,
  verdictOf,
} from './provider-contract.ts';
import { accepted, config } from './vonage-messages-account.ts';
import { json, startWire, type Wire } from './wire.ts';

const ATTEMPT = 'att_0123456789abcdefghjkmnpq';
/** As the real one: the number behind the `#` of `type`, and text that may quote the request. */
const refuse = (status: number, code: number | string) =>
  json(status, {
    type: `https://developer.vonage.com/api-errors${typeof code === 'number' ? '/messages' : ''}#${code}`,
    title: 'Invalid params',
    detail: `The value ${TO} of ${TEXT} is invalid.`,
    instance: 'bf0ca0bf927b3b52e3cb03217e1a1ddf',
  });

/** As Vonage lists the Messages API's errors; those it has in common with its other APIs have words. */
const DESTINATION = [1040, 1050, 1170, 1190, 1200, 1240, 1260, 1270, 1280, 1290, 1300, 1310, 1430, 1461];
const CONFIGURATION = [
  1010, 1020, 1022, 1060, 1070, 1080, 1110, 1120, 1130, 1140, 1150, 1160, 1210, 1250, 1251, 1340, 1400, 1410, 1420,
  1440, 1450, 1460, 1480, 1481, 1482, 1483, 1484,
];
const TRANSIENT = [1000, 1030, 1100, 1180, 1220, 1230, 1241, 1331];
const CONTENT = [1090, 1282];
const FRAUD = [1470, 1472, 1473];
const UNKNOWN = [1320, 1330, 1360];
const CONFIGURATION_WORDS = [
  'low-balance',
  'unauthorized',
  'forbidden',
  'unprovisioned',
  'account-suspended',
  'invalid-api-key',
  'invalid-signature',
  'jwt-expired',
  'jwt-revoked',
];

const subject = (channel: 'sms' | 'whatsapp'): ProviderSubject => ({
  name: 'vonage_messages',
  channel,
  create: (baseUrl) => createVonageMessagesProvider(config(baseUrl)),
  accepted: {},
  wire: {
    ok: json(202, accepted),
    okBody: JSON.stringify(accepted),
    throttle: refuse(429, 1000),
    auth: refuse(401, 'unauthorized'),
    reject: refuse(422, 1170),
  },
  codes: { throttle: '1000', auth: 'unauthorized', reject: '1170' },
  withoutId: [{ message_uuid: '' }, { message_uuid: 7 }, { message_uuid: 'x'.repeat(129) }, { message_id: 'aaaaaaaa' }],
  table: [
    ...DESTINATION.map((code) => [code, 'destination'] as const),
    ...CONFIGURATION.map((code) => [code, 'configuration'] as const),
    ...TRANSIENT.map((code) => [code, 'transient'] as const),
    ...CONTENT.map((code) => [code, 'content'] as const),
    ...FRAUD.map((code) => [code, 'fraud'] as const),
    ...UNKNOWN.map((code) => [code, 'unknown'] as const),
    ...CONFIGURATION_WORDS.map((code) => [code, 'configuration'] as const),
    ['throttled', 'transient'],
  ],
  unlisted: 1999,
  refuse: (code) => refuse(422, code),
});

describeProviderContract(subject('sms'));
describeProviderContract(subject('whatsapp'));

test('has a verdict for no code that its test does not name', () => {
  const named = [...DESTINATION, ...CONFIGURATION, ...TRANSIENT, ...CONTENT, ...FRAUD, ...UNKNOWN].map(String);
  expect(named.toSorted()).toEqual([...VONAGE_MESSAGES_CODES.keys()].toSorted());
  expect([...CONFIGURATION_WORDS, 'throttled'].toSorted()).toEqual([...VONAGE_ERROR_WORDS.keys()].toSorted());
});

describe("vonage_messages' wire", () => {
  let wire: Wire;
  let provider: ProviderAdapter;
  beforeAll(async () => {
    wire = await startWire();
    wire.answer(json(202, accepted));
    provider = createVonageMessagesProvider(config(wire.url));
  });
  afterAll(async () => {
    await provider.close();
    await wire.close();
  });
  const lastBody = (): unknown => JSON.parse(wire.received.at(-1)?.body ?? '');
  const sendWith = async (change: Partial<VonageMessagesConfig>, channel: 'sms' | 'whatsapp' = 'sms') => {
    const other = createVonageMessagesProvider({ ...config(wire.url), ...change });
    const result = await other.send(message({ channel }));
    await other.close();
    return result;
  };

  test('sends an SMS as JSON with Basic auth, the number without its +, and the attempt as client reference', async () => {
    expect(await provider.send(message())).toEqual({ outcome: 'accepted', providerMessageId: accepted.message_uuid });
    expect(wire.received.at(-1)).toMatchObject({
      method: 'POST',
      path: '/v1/messages',
      headers: {
        'content-type': 'application/json',
        authorization: `Basic ${Buffer.from(`abcd1234:${CREDENTIAL}`).toString('base64')}`,
      },
    });
    expect(lastBody()).toEqual({
      channel: 'sms',
      message_type: 'text',
      from: 'Watchword',
      to: TO.slice(1),
      text: TEXT,
      ttl: 240,
      client_ref: ATTEMPT,
    });
  });

  test('sends WhatsApp an authentication template with the code in its text and behind its button', async () => {
    await provider.send(message({ channel: 'whatsapp', locale: 'pt' }));
    const parameters = [{ type: 'text', text: CODE }];
    expect(lastBody()).toEqual({
      channel: 'whatsapp',
      message_type: 'custom',
      from: '15005550006',
      to: TO.slice(1),
      client_ref: ATTEMPT,
      custom: {
        type: 'template',
        template: {
          name: 'login_otp',
          language: { policy: 'deterministic', code: 'pt_BR' },
          components: [
            { type: 'body', parameters },
            { type: 'button', sub_type: 'url', index: 0, parameters },
          ],
        },
      },
    });
  });

  test('sends no WhatsApp without a number of its own, or without a template', async () => {
    const { whatsapp } = config('');
    const before = wire.received.length;
    for (const [lack, providerCode] of [
      [{ from: undefined }, 'no_whatsapp_sender'],
      [{ template: undefined }, 'no_template'],
    ] as const) {
      expect(await sendWith({ whatsapp: { ...whatsapp, ...lack } }, 'whatsapp')).toEqual({
        outcome: 'rejected',
        class: 'configuration',
        providerCode,
      });
    }
    expect(wire.received.length).toBe(before);
  });

  test('asks for receipts at the attempt’s own URL when it is told where', async () => {
    await sendWith({ receiptsUrl: 'https://otp.example.com/hooks' });
    expect(lastBody()).toMatchObject({
      webhook_url: `https://otp.example.com/hooks/receipts/vonage_messages/${ATTEMPT}`,
      webhook_version: 'v1',
    });
  });

  test('never asks for less than 20 s of validity', async () => {
    await provider.send(message({ validitySeconds: 3 }));
    expect(lastBody()).toMatchObject({ ttl: 20 });
  });

  test('reads a code that is a title, and takes none that is text', async () => {
    wire.answer(json(422, { title: 1170 }));
    expect(await provider.send(message())).toMatchObject({ class: 'destination', providerCode: '1170' });
    wire.answer(json(422, { type: NO_TEXT, title: NO_TEXT }));
    expect(await provider.send(message())).toMatchObject({ providerCode: 'http_422' });
    wire.answer(json(422, { type: `https://developer.vonage.com/api-errors#${CODE}`, title: TEXT }));
    expect(await provider.send(message())).toEqual({
      outcome: 'rejected',
      class: 'configuration',
      providerCode: 'http_422',
    });
    wire.answer(json(202, accepted));
  });

  test('writes nothing once the signal has fired', async () => {
    const before = wire.received.length;
    const result = await provider.send(message({ signal: AbortSignal.abort() }));
    expect(result).toEqual({ outcome: 'transient', providerCode: 'timeout' });
    expect(wire.received.length).toBe(before);
  });

  test('does not follow where it is sent on to', async () => {
    wire.answer((response) => response.writeHead(307, { location: `${wire.url}/elsewhere` }).end());
    expect(verdictOf(await provider.send(message()))).toBe('configuration');
    expect(wire.received.at(-1)?.path).toBe('/v1/messages');
    wire.answer(json(202, accepted));
  });
});
