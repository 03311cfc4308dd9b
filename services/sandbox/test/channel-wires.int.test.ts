import { describe, expect, it } from 'vitest';
import {
  ACCOUNT,
  CODE,
  DEVICE,
  postFcm,
  postTwilioCall,
  postVonageMessage,
  postWati,
  postWhatsAppCloud,
  TEMPLATE,
  TEXT,
  TO,
} from './provider-posts.ts';
import { expectRefused, readAnswer, useSandbox } from './running-sandbox.ts';

const sandbox = useSandbox();

describe('Twilio’s wire of calls', () => {
  it('answers 201 with the whole Call resource', async () => {
    const { status, body } = await readAnswer(await postTwilioCall(sandbox.url));
    expect(status).toBe(201);
    expect(body).toMatchObject({
      sid: expect.stringMatching(/^CA[0-9a-f]{32}$/),
      account_sid: ACCOUNT,
      status: 'queued',
      to: TO,
      direction: 'outbound-api',
      queue_time: '0',
      uri: expect.stringMatching(new RegExp(`^/2010-04-01/Accounts/${ACCOUNT}/Calls/CA[0-9a-f]{32}\\.json$`)),
    });
  });

  it.each([
    ['no To', { To: '' }, 21201],
    ['no From', { From: '' }, 21213],
    ['a To that is no number', { To: 'nobody' }, 21211],
    ['nothing to say', { Twiml: '' }, 21205],
    ['what is no TwiML', { Twiml: 'hello' }, 12100],
    ['TwiML over 4000 characters', { Twiml: `<Response>${' '.repeat(4_000)}</Response>` }, 21218],
  ])('refuses %s as Twilio does, and nothing arrives', async (_case, fields, code) => {
    await expectRefused(sandbox, postTwilioCall(sandbox.url, fields), 400, { code, status: 400 });
  });

  it('refuses a call without credentials', async () => {
    await expectRefused(sandbox, postTwilioCall(sandbox.url, {}, ''), 401, { code: 20003 });
  });
});

describe('the wire of Vonage’s Messages API', () => {
  it.each([
    ['no to', { to: '' }, '1010', 'to'],
    ['no from', { from: '' }, '1010', 'from'],
    ['a to that is no number', { to: 'nobody' }, '1170', 'to'],
    ['a text without its text', { channel: 'sms', message_type: 'text' }, '1010', 'text'],
    ['a template without a name', { message_type: 'template', template: {} }, '1010', 'template.name'],
    [
      'a template without a language',
      { custom: { type: 'template', template: { name: 'otp' } } },
      '1010',
      'template.language.code',
    ],
    ['a message type that is none', { message_type: 'smoke' }, '1010', 'message_type'],
  ])('refuses %s by name, and nothing arrives', async (_case, fields, code, name) => {
    await expectRefused(sandbox, postVonageMessage(sandbox.url, fields), 422, {
      type: `https://developer.vonage.com/api-errors/messages#${code}`,
      instance: expect.any(String),
      invalid_parameters: [{ name }],
    });
  });

  it('refuses a call without credentials', async () => {
    await expectRefused(sandbox, postVonageMessage(sandbox.url, {}, ''), 401, { title: expect.any(String) });
  });

  it('takes JSON only', async () => {
    const response = await fetch(`${sandbox.url}/v1/messages`, {
      method: 'POST',
      body: new URLSearchParams({ to: '1' }),
    });
    expect(response.status).toBe(415);
  });
});

describe('the wire of the WhatsApp Cloud API', () => {
  it('answers with the message’s id, and shows the code and the template', async () => {
    const { status, body } = await readAnswer(await postWhatsAppCloud(sandbox.url));
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        messaging_product: 'whatsapp',
        contacts: [{ input: TO.slice(1), wa_id: TO.slice(1) }],
        messages: [{ id: expect.stringMatching(/^wamid\./), message_status: 'accepted' }],
      },
    });
    expect(await sandbox.messages(`?to=${TO}`)).toMatchObject([
      { channel: 'whatsapp', code: CODE, text: `${CODE} is your verification code. [otp, en_US]`, segments: null },
    ]);
  });

  it('takes a text, and a template that is not for codes', async () => {
    await postWhatsAppCloud(sandbox.url, { type: 'text', text: { body: TEXT } });
    const parameters = [
      { type: 'text', text: 'Ada' },
      { type: 'text', text: CODE },
    ];
    const template = { ...TEMPLATE, name: 'welcome', components: [{ type: 'body', parameters }] };
    await postWhatsAppCloud(sandbox.url, { template });
    expect(await sandbox.messages()).toMatchObject([
      { text: `Ada · ${CODE} [welcome, en_US]`, code: CODE },
      { text: TEXT, code: CODE },
    ]);
  });

  it.each([
    ['another product', { messaging_product: 'messenger' }, 131008],
    ['no to', { to: '' }, 131008],
    ['a to that is no number', { to: 'nobody' }, 131009],
    ['no template', { template: null }, 131008],
    ['a template without a language', { template: { name: 'otp' } }, 131008],
    ['a kind of message that it does not know', { type: 'reaction' }, 131008],
  ])('refuses %s by its code, and nothing arrives', async (_case, fields, code) => {
    await expectRefused(sandbox, postWhatsAppCloud(sandbox.url, fields), 400, {
      error: {
        code,
        type: 'OAuthException',
        message: expect.stringContaining(`(#${code})`),
        fbtrace_id: expect.any(String),
      },
    });
  });

  it('refuses a call without a token', async () => {
    await expectRefused(sandbox, postWhatsAppCloud(sandbox.url, {}, ''), 401, { error: { code: 190 } });
  });

  it('is there for versions of the Graph API only', async () => {
    const response = await sandbox.call('POST', '/latest/platform/messages', {});
    expect(response.status).toBe(404);
  });
});

describe('WATI’s wire', () => {
  it.each(['/api/v1', '/api/v2', '/platform/api/v1', '/1234/api/v2'])('takes a template at %s', async (base) => {
    const response = await fetch(`${sandbox.url}${base}/sendTemplateMessage?whatsappNumber=${TO.slice(1)}`, {
      method: 'POST',
      headers: { authorization: 'Bearer any', 'content-type': 'application/json-patch+json' },
      body: JSON.stringify({
        template_name: 'login_otp',
        broadcast_name: 'login_otp',
        parameters: [{ name: '1', value: CODE }],
      }),
    });
    const [message] = await sandbox.messages();
    expect(message).toMatchObject({
      provider: 'wati',
      channel: 'whatsapp',
      to: TO,
      code: CODE,
      text: `${CODE} [login_otp]`,
    });
    expect(await readAnswer(response)).toMatchObject({
      status: 200,
      body: {
        result: true,
        receivers: [{ localMessageId: message?.id, waId: TO.slice(1), isValidWhatsAppNumber: true, errors: [] }],
      },
    });
  });

  it('tells apart what is missing', async () => {
    await expectRefused(sandbox, postWati(sandbox.url, {}, ''), 401, { result: false });
    await expectRefused(sandbox, postWati(sandbox.url, { template_name: '' }), 400, {
      message: 'template_name is required',
    });
    await expectRefused(sandbox, postWati(sandbox.url, { broadcast_name: '' }), 400, { result: false });
    const nobody = fetch(`${sandbox.url}/api/v2/sendTemplateMessage?whatsappNumber=nobody`, {
      method: 'POST',
      headers: { authorization: 'Bearer any', 'content-type': 'application/json' },
      body: '{}',
    });
    await expectRefused(sandbox, nobody, 200, { result: false, receivers: [{ isValidWhatsAppNumber: false }] });
  });
});

it('logs neither texts nor addresses of any wire', async () => {
  await postTwilioCall(sandbox.url);
  await postVonageMessage(sandbox.url);
  await postWhatsAppCloud(sandbox.url);
  await postWati(sandbox.url);
  await postFcm(sandbox.url);
  const log = sandbox.log.join('');
  expect(log).toContain('sendTemplateMessage');
  for (const secret of [TO.slice(1), CODE, DEVICE]) expect(log).not.toContain(secret);
});
