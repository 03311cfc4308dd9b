import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { made as madeBy, refusal, startConsole, type TestConsole } from './console.fixture.ts';

let tested: TestConsole;
let project: string;
beforeAll(async () => {
  tested = await startConsole();
  project = await tested.project();
});
afterAll(() => tested.close());

const call: TestConsole['call'] = (method, path, body, options) =>
  tested.call(method, path, body, { project, ...options });
const made = (path: string, body: object) => madeBy(call, path, body);

describe('templates', () => {
  it.each(['no code', 'twice {{code}} {{otp}}', '{{code}} for {{user}}', '{{code}} {{}}', '{{code}} {{'])(
    'refuses the text %s',
    async (text) => {
      expect(refusal(await call('POST', '/v1/templates', { text }))).toEqual([422, 'template_invalid', '/text']);
    },
  );

  it.each([
    ['PT-br', 'pt-BR', 'pt-br'],
    ['zh-hant-tw', 'zh-Hant-TW', 'ZH-HANT-TW'],
    ['iw', 'he', 'HE'],
  ])('are kept for %s as %s, once', async (given, locale, again) => {
    const text = 'Code {{code}}';
    expect((await made('/v1/templates', { locale: given, text })).locale).toBe(locale);
    const { status, body } = await call('POST', '/v1/templates', { locale: again, text });
    expect([status, body.code]).toEqual([409, 'already_exists']);
  });

  it('refuses a locale that only looks like one', async () => {
    const answer = await call('POST', '/v1/templates', { locale: 'de-DE-x', text: '{{code}}' });
    expect(refusal(answer)).toEqual([400, 'invalid_request', '/locale']);
  });

  it.each([
    ['half of a surrogate pair', '\ud83d'],
    ['U+0000', '\0'],
    ['a turn of direction', '\u202e'],
    ['an isolated turn of direction', '\u2067'],
  ])('refuses %s in texts and names', async (_, character) => {
    const text = `{{code}} ${character}`;
    expect(refusal(await call('POST', '/v1/templates', { text }))).toEqual([400, 'invalid_request', '/text']);
    const list = await call('POST', '/v1/lists', { name: `a${character}b`, kind: 'block' });
    expect(refusal(list)).toEqual([400, 'invalid_request', '/name']);
  });

  it('takes lines, pairs of surrogates and writing from right to left', async () => {
    const text = 'קוד\t{{code}}\r\n👍';
    expect(await made('/v1/templates', { purpose: 'transaction', text })).toMatchObject({ text });
  });

  it('shows a message as it would be sent, and what a carrier bills', async () => {
    const { id } = await made('/v1/templates', { text: 'Your code is {{code}}', purpose: 'login', locale: 'EN-us' });
    const preview = async (body: object) => (await call('POST', `/v1/templates/${id}/preview`, body)).body;
    expect(await preview({})).toEqual({
      template: id,
      locale: 'en-US',
      subject: null,
      text: 'Your code is 123456',
      html: null,
      encoding: 'gsm7',
      segments: 1,
    });
    const values = {
      variables: { order: 'A-1' },
      binding: { amount: 'EUR 10.00' },
      autofill: { domain: 'acme.example' },
    };
    expect(await preview({ text: '{{code}} {{variables.order}} {{amount}}', ...values })).toMatchObject({
      text: '123456 A-1 EUR 10.00\n@acme.example #123456',
    });
    expect(await preview({ text: `{{code}}${'x'.repeat(154)}` })).toMatchObject({ encoding: 'gsm7', segments: 1 });
    expect(await preview({ text: `{{code}}${'x'.repeat(155)}` })).toMatchObject({ segments: 2 });
    expect(await preview({ text: `{{code}}${'[code]'.repeat(20)}` })).toMatchObject({ encoding: 'gsm7', segments: 2 });
    expect(await preview({ text: `{{code}} код ${'x'.repeat(59)}` })).toMatchObject({ encoding: 'ucs2', segments: 1 });
    expect(await preview({ text: `{{code}} код ${'x'.repeat(60)}` })).toMatchObject({ encoding: 'ucs2', segments: 2 });
  });

  it('has subjects and HTML for e-mail and titles for push, and shows them as they would be sent', async () => {
    const content = {
      text: 'Code {{code}}',
      subject: 'Order {{variables.order}}',
      html: '<b>{{code}}</b> {{variables.order}}',
    };
    const { id } = await made('/v1/templates', { channel: 'email', locale: 'ar', ...content });
    const preview = async (body: object, of = id) => (await call('POST', `/v1/templates/${of}/preview`, body)).body;
    const variables = { order: '<A>\r\nBcc: x@example.com' };
    expect(await preview({ variables })).toEqual({
      template: id,
      locale: 'ar',
      subject: 'Order <A> Bcc: x@example.com',
      text: 'Code 123456',
      html: '<b>123456</b> &lt;A&gt; Bcc: x@example.com',
      encoding: null,
      segments: null,
    });
    const bare = await preview({ subject: null, html: null });
    expect(bare.subject).toBe('رمز تسجيل الدخول');
    expect(bare.html).toContain('dir="rtl"');
    const changed = await call('PATCH', `/v1/templates/${id}`, { subject: null }, { ifMatch: '*' });
    expect(changed.body).toMatchObject({ ...content, subject: null });
    const { config } = await tested.copies.read(project, 'delivery');
    expect(config?.templates.find((one) => one.id === id)).toMatchObject({ ...content, subject: null });
    const push = await made('/v1/templates', { channel: 'push', text: '{{code}}', subject: 'Acme' });
    expect(await preview({}, push.id)).toMatchObject({ subject: 'Acme', text: '123456', html: null, segments: null });
    const voice = await made('/v1/templates', { channel: 'voice', text: 'Your code: {{code}}' });
    expect(await preview({}, voice.id)).toMatchObject({ subject: null, text: 'Your code: 1, 2, 3, 4, 5, 6' });
  });

  it.each([
    [{ channel: 'sms', subject: 'Your code' }, 422, '/subject'],
    [{ channel: 'push', html: '{{code}}' }, 422, '/html'],
    [{ channel: 'email', html: '<b>no code</b>' }, 422, '/html'],
    [{ channel: 'email', html: '<a href="{{variables.link}}">{{code}}</a>' }, 422, '/html'],
    [{ channel: 'email', subject: '{{user}}' }, 422, '/subject'],
    [{ channel: 'email', subject: 'a\r\nBcc: x@example.com' }, 400, '/subject'],
    [{ channel: 'sms', text: `{{code}}${'x'.repeat(1_530)}` }, 422, '/text'],
  ])('refuses %j', async (content, status, pointer) => {
    const answer = await call('POST', '/v1/templates', { text: '{{code}}', purpose: 'refused', ...content });
    expect([answer.status, answer.body.errors.map((error) => error.pointer)]).toEqual([status, [pointer]]);
  });
});
