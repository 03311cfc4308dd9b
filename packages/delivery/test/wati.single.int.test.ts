import { Secret } from '@watchword/platform';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OutgoingMessage, ProviderAdapter } from '../src/index.ts';
import { createWatiProvider } from '../src/providers/wati/wati-provider.ts';
import { message as anyMessage, CODE, CREDENTIAL, describeProviderContract, TEXT, TO } from './provider-contract.ts';
import { type Answer, json, raw, startWire, type Wire } from './wire.ts';

const config = (baseUrl: string) => ({
  mode: 'test' as const,
  baseUrl: `${baseUrl}/12345`,
  isTenantUrl: false,
  accessToken: new Secret(CREDENTIAL),
  apiVersion: 'v2' as const,
  template: 'login_otp',
  parameter: '1',
  givesReceipts: true,
});

const ID = 'd38f0c3a-e833-4725-a894-53a2b1dc1af6';
const receiver = { localMessageId: ID, waId: TO.slice(1), isValidWhatsAppNumber: true, errors: [] as unknown[] };
const answerOf = (over: object = {}, top: object = {}) => ({
  result: true,
  error: null,
  templateName: 'login_otp',
  receivers: [{ ...receiver, ...over }],
  parameters: [{ name: '1', value: CODE }],
  ...top,
});
const refused = (info: string) => json(200, { result: false, info, parameters: [{ name: '1', value: CODE }] });

/** Each refusal, as the wire says it. */
const REFUSALS: Readonly<Record<string, { verdict: string; answer: Answer }>> = {
  authentication_failed: { verdict: 'configuration', answer: raw(401, '') },
  permission_denied: { verdict: 'configuration', answer: json(403, { message: `Forbidden for ${TO}` }) },
  resource_not_found: { verdict: 'configuration', answer: raw(404, '<html>Not Found</html>') },
  template_not_found: { verdict: 'configuration', answer: json(404, { message: "Template 'login_otp' not found" }) },
  template_not_approved: {
    verdict: 'configuration',
    answer: json(400, { error: 'Template login_otp is not approved yet' }),
  },
  template_mismatch: { verdict: 'configuration', answer: json(400, { errors: ['Parameter count does not match'] }) },
  quota_exceeded: { verdict: 'configuration', answer: json(400, { info: `No credit left for ${TO}` }) },
  invalid_whatsapp_number: { verdict: 'destination', answer: json(200, answerOf({ isValidWhatsAppNumber: false })) },
  request_refused: { verdict: 'configuration', answer: refused(`Sorry: ${TEXT}`) },
};

describeProviderContract({
  name: 'wati',
  channel: 'whatsapp',
  create: (baseUrl) => createWatiProvider(config(baseUrl)),
  accepted: {},
  wire: {
    ok: json(200, answerOf()),
    okBody: JSON.stringify(answerOf()),
    throttle: json(429, { message: `Too many for ${TO}` }),
    auth: raw(401, ''),
    reject: json(200, answerOf({ isValidWhatsAppNumber: false })),
  },
  codes: { throttle: 'http_429', auth: 'authentication_failed', reject: 'invalid_whatsapp_number' },
  withoutId: [
    answerOf({ localMessageId: '' }),
    answerOf({ localMessageId: null }),
    answerOf({ localMessageId: 'x'.repeat(129) }),
    answerOf({ isValidWhatsAppNumber: undefined }),
    answerOf({ isValidWhatsAppNumber: 'true' }),
    answerOf({}, { result: 'success' }),
    answerOf({}, { result: undefined }),
    answerOf({}, { receivers: [] }),
    answerOf({ errors: [{ description: `Perhaps ${TO}` }] }),
  ],
  table: Object.entries(REFUSALS).map(([code, { verdict }]) => [code, verdict] as const),
  unlisted: 9999,
  refuse: (code) =>
    REFUSALS[code]?.answer ??
    json(200, answerOf({ errors: [{ code, description: `No: ${TEXT}` }] }, { result: false })),
});

describe("wati's wire", () => {
  let wire: Wire;
  let provider: ProviderAdapter;
  beforeAll(async () => {
    wire = await startWire();
    provider = createWatiProvider(config(wire.url));
  });
  afterAll(async () => {
    await provider.close();
    await wire.close();
  });
  const message = (over: Partial<OutgoingMessage> = {}) => anyMessage({ channel: 'whatsapp', ...over });
  async function sendTo(answer: Answer, over: Partial<OutgoingMessage> = {}) {
    wire.answer(answer);
    return provider.send(message(over));
  }

  test('sends the template with the code as its placeholder, to the number without its +', async () => {
    await sendTo(json(200, answerOf()));
    expect(wire.received.at(-1)).toMatchObject({
      method: 'POST',
      path: `/12345/api/v2/sendTemplateMessage?whatsappNumber=${TO.slice(1)}`,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${CREDENTIAL}` },
    });
    expect(JSON.parse(wire.received.at(-1)?.body ?? '')).toEqual({
      template_name: 'login_otp',
      broadcast_name: 'login_otp',
      parameters: [{ name: '1', value: CODE }],
    });
  });

  test('speaks v1 where the account has it, with the id beside the receiver or in the model', async () => {
    const old = createWatiProvider({ ...config(wire.url), apiVersion: 'v1', parameter: 'otp' });
    wire.answer(json(200, answerOf()));
    expect(await old.send(message())).toEqual({ outcome: 'accepted', providerMessageId: ID });
    expect(wire.received.at(-1)?.path).toBe(`/12345/api/v1/sendTemplateMessage?whatsappNumber=${TO.slice(1)}`);
    expect(wire.received.at(-1)?.body).toContain('"otp"');
    wire.answer(json(200, { result: true, validWhatsAppNumber: true, model: { ids: [ID] }, phone_number: TO }));
    expect(await old.send(message())).toEqual({ outcome: 'accepted', providerMessageId: ID });
    wire.answer(json(200, { result: true, validWhatsAppNumber: false, model: null, phone_number: TO }));
    expect(await old.send(message())).toMatchObject({ class: 'destination', providerCode: 'invalid_whatsapp_number' });
    await old.close();
  });

  test.each([
    ['Template name does not exist', 'template_not_found'],
    ['There is no such template', 'template_not_found'],
    ['The template login_otp was rejected: it is not approved', 'template_not_approved'],
    ['template is paused', 'template_not_approved'],
    ['Variable 2 is missing', 'template_mismatch'],
    ['Insufficient balance', 'quota_exceeded'],
    ['You have reached the message limit of your plan', 'quota_exceeded'],
    ['Invalid phone number', 'invalid_whatsapp_number'],
    ['Something else', 'request_refused'],
  ])('tells what “%s” is about, in an answer of 200', async (info, code) => {
    expect(await sendTo(refused(info))).toMatchObject({ outcome: 'rejected', providerCode: code });
  });

  test('takes a 404 for a wrong URL unless a template is what is missing', async () => {
    for (const body of ['', 'Invalid number of segments', '{"message":"No credit here"}']) {
      expect(await sendTo(raw(404, body))).toMatchObject({ providerCode: 'resource_not_found' });
    }
    expect(await sendTo(raw(404, 'Template not found'))).toMatchObject({ providerCode: 'template_not_found' });
  });

  test('takes what the answer repeats of the request for no reason', async () => {
    const body = { result: false, info: 'Nope', templateName: 'template not found', parameters: [{ name: 'quota' }] };
    expect(await sendTo(json(200, body))).toMatchObject({ providerCode: 'request_refused' });
  });

  test('tells a lack of an answer, a time-out and a refused connection apart', async () => {
    const hasty = new AbortController();
    expect(await sendTo(() => hasty.abort(), { signal: hasty.signal })).toEqual({
      outcome: 'unknown',
      providerCode: 'timeout',
    });
    expect(await sendTo(raw(400, ''))).toMatchObject({ class: 'configuration', providerCode: 'http_400' });
    expect(await sendTo(raw(500, 'template not found'))).toEqual({ outcome: 'transient', providerCode: 'http_500' });
  });

  test('uses WhatsApp’s own codes where a receiver has them, and believes no success beside an error', async () => {
    const withErrors = (...errors: unknown[]) => json(200, answerOf({ errors }));
    expect(await sendTo(withErrors({ code: 131026, description: TO }))).toMatchObject({
      class: 'destination',
      providerCode: '131026',
    });
    expect(await sendTo(withErrors({ code: '132001' }))).toMatchObject({ class: 'configuration' });
    expect(await sendTo(withErrors('Template is not approved'))).toMatchObject({
      providerCode: 'template_not_approved',
    });
    expect(await sendTo(withErrors({ code: 999 }))).toEqual({ outcome: 'unknown', providerCode: '999' });
  });

  test('never leads into our own network by a tenant’s URL', async () => {
    const before = wire.received.length;
    wire.answer(json(200, answerOf()));
    const tenants = createWatiProvider({
      ...config(wire.url.replace('127.0.0.1', 'localhost')),
      isTenantUrl: true,
    });
    expect(await tenants.send(message())).toEqual({
      outcome: 'rejected',
      class: 'configuration',
      providerCode: 'private_address',
    });
    expect(wire.received.length).toBe(before);
    await tenants.close();
  });
});
