import { Secret } from '@watchword/platform';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OutgoingMessage, ProviderAdapter } from '../src/index.ts';
import { WHATSAPP_CODES } from '../src/providers/whatsapp-cloud/error-table.ts';
import { createWhatsAppCloudProvider } from '../src/providers/whatsapp-cloud/whatsapp-cloud-provider.ts';
import { message as anyMessage, CODE, CREDENTIAL, describeProviderContract, TEXT, TO } from './provider-contract.ts';
import { json, raw, startWire, type Wire } from './wire.ts';

const config = (baseUrl: string) => ({
  mode: 'test' as const,
  accessToken: new Secret(CREDENTIAL),
  phoneNumberId: '106540352242922',
  template: 'login_otp',
  templateLocales: ['en_US', 'es', 'pt_BR'],
  apiVersion: 'v25.0',
  baseUrl,
  givesReceipts: true,
});

const accepted = {
  messaging_product: 'whatsapp',
  contacts: [{ input: TO, wa_id: TO.slice(1) }],
  messages: [{ id: 'wamid.HBgLMTQxNTU1NTAxMjMVAgARGBI0', message_status: 'accepted' }],
};
const refuse = (status: number, code: number | string) =>
  json(status, {
    error: {
      message: `(#${code}) Something is wrong with ${TO}: ${TEXT}`,
      type: 'OAuthException',
      code,
      error_data: { messaging_product: 'whatsapp', details: `Not to ${TO}` },
      fbtrace_id: 'AbCdEfGh',
    },
  });

/** As the provider facts list them. */
const DESTINATION = [130472, 131021, 131026, 131049];
const CONFIGURATION = [
  0, 3, 10, 33, 100, 190, 200, 201, 230, 299, 368, 131005, 131008, 131009, 131031, 131042, 131045, 131047, 131051,
  132000, 132001, 132005, 132007, 132012, 132015, 132016, 133010,
];
const TRANSIENT = [1, 2, 4, 80007, 130429, 131000, 131016, 131048, 131056, 133004];

describeProviderContract({
  name: 'whatsapp_cloud',
  channel: 'whatsapp',
  create: (baseUrl) => createWhatsAppCloudProvider(config(baseUrl)),
  accepted: {},
  wire: {
    ok: json(200, accepted),
    okBody: JSON.stringify(accepted),
    throttle: refuse(429, 130429),
    auth: refuse(401, 190),
    reject: refuse(400, 131026),
  },
  codes: { throttle: '130429', auth: '190', reject: '131026' },
  withoutId: [
    { messages: [{}] },
    { messages: [{ id: '' }] },
    { messages: [{ id: 'x'.repeat(129) }] },
    { messages: [null] },
    { contacts: [{ wa_id: '1' }] },
  ],
  table: [
    ...DESTINATION.map((code) => [code, 'destination'] as const),
    ...CONFIGURATION.map((code) => [code, 'configuration'] as const),
    ...TRANSIENT.map((code) => [code, 'transient'] as const),
  ],
  unlisted: 9999,
  refuse: (code) => refuse(400, code),
});

test('has a verdict for no code that its test does not name, but for permissions', () => {
  const named = new Set([...DESTINATION, ...CONFIGURATION, ...TRANSIENT].map(String));
  const others = [...WHATSAPP_CODES.keys()].filter((code) => !named.has(code));
  expect(others.filter((code) => !/^2\d\d$/.test(code))).toEqual([]);
});

describe("the WhatsApp Cloud API's wire", () => {
  let wire: Wire;
  let provider: ProviderAdapter;
  beforeAll(async () => {
    wire = await startWire();
    provider = createWhatsAppCloudProvider(config(wire.url));
  });
  afterAll(async () => {
    await provider.close();
    await wire.close();
  });
  const message = (over: Partial<OutgoingMessage> = {}) => anyMessage({ channel: 'whatsapp', ...over });
  const lastBody = (): unknown => JSON.parse(wire.received.at(-1)?.body ?? '');

  test('sends the template with the code twice, under the account’s token and number', async () => {
    wire.answer(json(200, accepted));
    await provider.send(message());
    expect(wire.received.at(-1)).toMatchObject({
      method: 'POST',
      path: '/v25.0/106540352242922/messages',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${CREDENTIAL}` },
    });
    expect(lastBody()).toEqual({
      messaging_product: 'whatsapp',
      recipient_type: 'individual',
      to: TO.slice(1),
      type: 'template',
      template: {
        name: 'login_otp',
        language: { code: 'en_US' },
        components: [
          { type: 'body', parameters: [{ type: 'text', text: CODE }] },
          { type: 'button', sub_type: 'url', index: '0', parameters: [{ type: 'text', text: CODE }] },
        ],
      },
      biz_opaque_callback_data: 'att_0123456789abcdefghjkmnpq',
    });
  });

  test('sends nothing of the text: Meta keeps it', async () => {
    wire.answer(json(200, accepted));
    await provider.send(message());
    expect(wire.received.at(-1)?.body).not.toContain('Do not share');
  });

  test('asks for the template in the language of the message', async () => {
    wire.answer(json(200, accepted));
    await provider.send(message({ locale: 'pt-PT' }));
    expect(lastBody()).toMatchObject({ template: { language: { code: 'pt_BR' } } });
  });

  test('goes by the code and not by the HTTP status', async () => {
    wire.answer(refuse(500, 131026));
    expect(await provider.send(message())).toMatchObject({ outcome: 'rejected', class: 'destination' });
    wire.answer(refuse(200, 190));
    expect(await provider.send(message())).toMatchObject({ outcome: 'rejected', class: 'configuration' });
    wire.answer(refuse(500, 999_999));
    expect(await provider.send(message())).toEqual({ outcome: 'transient', providerCode: '999999' });
  });

  test('waits as long as the limit of one number lasts, or as long as Meta says', async () => {
    wire.answer(refuse(400, 131056));
    expect(await provider.send(message())).toEqual({
      outcome: 'transient',
      providerCode: '131056',
      retryAfterMs: 6_000,
    });
    wire.answer(json(429, { error: { code: 130429, message: 'Too many' } }, { 'retry-after': '2' }));
    expect(await provider.send(message())).toMatchObject({ providerCode: '130429', retryAfterMs: 2_000 });
  });

  test('takes no code that is not a number', async () => {
    wire.answer(refuse(400, TEXT));
    expect(await provider.send(message())).toEqual({
      outcome: 'rejected',
      class: 'configuration',
      providerCode: 'http_400',
    });
  });

  test('follows no redirect: it would carry the token away', async () => {
    const before = wire.received.length;
    wire.answer((response) => response.writeHead(307, { location: `${wire.url}/elsewhere` }).end());
    expect(await provider.send(message())).toMatchObject({ class: 'configuration', providerCode: 'http_307' });
    expect(wire.received.length).toBe(before + 1);
  });

  test('reads no more of an answer than it may', async () => {
    wire.answer(raw(200, JSON.stringify({ ...accepted, filler: 'x'.repeat(70_000) }), 'application/json'));
    expect(await provider.send(message())).toEqual({ outcome: 'unknown', providerCode: 'unreadable_answer' });
    wire.answer(raw(500, 'x'.repeat(70_000)));
    expect(await provider.send(message())).toEqual({ outcome: 'transient', providerCode: 'http_500' });
  });
});
