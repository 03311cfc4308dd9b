import { CHANNELS, type Channel } from '@watchword/contracts';
import { describe, expect, test } from 'vitest';
import type { Template } from './choose-template.ts';
import type { WantedMessage } from './message.ts';
import { renderMessage } from './render-message.ts';
import { countSegments } from './segments.ts';

const WANTED: WantedMessage = {
  channel: 'sms',
  purpose: 'login',
  locale: undefined,
  code: '123456',
  ttlMs: 300_000,
  variables: undefined,
  binding: undefined,
  autofill: undefined,
  templates: [],
};
const templateOf = (channel: Channel, content: Partial<Template>): Template => ({
  id: 'tpl_a',
  purpose: '*',
  channel,
  locale: '*',
  version: 1,
  text: '{{code}}',
  subject: null,
  html: null,
  ...content,
});
const withTemplate = (channel: Channel, content: Partial<Template>, more: Partial<WantedMessage> = {}) =>
  renderMessage({ ...WANTED, channel, ...more, templates: [templateOf(channel, content)] });

test("a project's template is used on its channel, and no other", () => {
  const templates = [templateOf('sms', { text: 'Acme: {{code}}', locale: 'de' })];
  const sms = renderMessage({ ...WANTED, locale: 'de-AT', templates });
  expect(sms).toEqual({ template: 'tpl_a', text: 'Acme: 123456', subject: '', html: '', locale: 'de' });
  expect(renderMessage({ ...WANTED, locale: 'fr', templates })).toMatchObject({ template: 'shipped', locale: 'fr' });
  expect(renderMessage({ ...WANTED, channel: 'whatsapp', locale: 'de', templates })).toMatchObject({
    template: 'shipped',
  });
});

test('a template for any language is said to be in the one that was asked for', () => {
  expect(withTemplate('email', {}, { locale: 'he' })).toMatchObject({ locale: 'he' });
  expect(withTemplate('email', {}, { locale: 'he' }).html).toContain('<html lang="he" dir="rtl">');
  expect(withTemplate('email', {}).html).toContain('<html lang="en" dir="ltr">');
});

test('an e-mail without HTML or subject of its own has them made of its text, and shipped', () => {
  const { subject, html } = withTemplate('email', { text: 'Hello,\n\n<{{code}}>\nis it.' }, { locale: 'de' });
  expect(subject).toBe('Ihr Anmeldecode');
  expect(html).toContain('<p>Hello,</p><p>&lt;123456&gt;<br>is it.</p>');
});

test('a voice call speaks the characters apart', () => {
  expect(withTemplate('voice', { text: 'Acme. {{code}}.' }, { code: 'K7Q2MX' }).text).toBe('Acme. K, 7, Q, 2, M, X.');
  expect(renderMessage({ ...WANTED, channel: 'voice' }).text).toBe('Your login code: 1, 2, 3, 4, 5, 6.');
});

test('a push message has a title', () => {
  expect(renderMessage({ ...WANTED, channel: 'push' })).toMatchObject({ subject: 'Your login code', html: '' });
  expect(withTemplate('push', { subject: 'Acme' })).toMatchObject({ subject: 'Acme', text: '123456' });
});

describe('what a phone fills in by itself', () => {
  const domain = 'acme.example';
  const app_hash = 'FA+9qCX9VSu';

  test.each([
    [{ domain }, 'Code 123456\n@acme.example #123456'],
    [{ app_hash }, 'Code 123456\nFA+9qCX9VSu'],
    [{ app_hash, domain }, 'Code 123456\nFA+9qCX9VSu\n@acme.example #123456'],
  ])('%j stands at the end of an SMS', (autofill, text) => {
    expect(withTemplate('sms', { text: 'Code {{code}}' }, { autofill }).text).toBe(text);
  });

  test('stands nowhere else', () => {
    for (const channel of CHANNELS.filter((one) => one !== 'sms')) {
      const { text, html } = renderMessage({ ...WANTED, channel, autofill: { domain, app_hash } });
      expect(text + html).not.toContain(app_hash);
      expect(text + html).not.toContain(domain);
    }
  });

  test('Android reads one segment only: the warning and the validity give way, and what the code is bound to does not', () => {
    for (const locale of ['en', 'hi', 'ar']) {
      const { text } = renderMessage({ ...WANTED, locale, autofill: { app_hash } });
      expect(countSegments(text).segments, text).toBe(1);
      expect(text.endsWith(`\n${app_hash}`)).toBe(true);
    }
    const binding = { amount: 'INR 9,99,999.00', payee: 'Acme Stores' };
    const { text } = renderMessage({
      ...WANTED,
      purpose: 'transaction',
      locale: 'hi',
      binding,
      autofill: { app_hash },
    });
    expect(text).toContain(binding.amount);
    expect(text).toContain(binding.payee);
  });
});

test('a text that gets too long with its values gives way to the shipped one, so that the code gets through', () => {
  const text = `{{code}} ${'{{variables.note}} '.repeat(12)}`;
  expect(withTemplate('sms', { text }, { variables: { note: 'x' } }).template).toBe('tpl_a');
  const { template, text: sent } = withTemplate('sms', { text }, { variables: { note: 'x'.repeat(128) } });
  expect([template, countSegments(sent).segments]).toEqual(['shipped', 1]);
});

test('a subject is shown as it is written: no mail reader finds an encoded word in it', () => {
  const subject = 'Order {{variables.note}}';
  const rendered = withTemplate('email', { text: '{{code}}', subject }, { variables: { note: '=?utf-8?B?QUJD?=' } });
  expect(rendered.subject).toBe('Order = ?utf-8?B?QUJD?=');
});

describe('a value in a link of an e-mail', () => {
  const VALUE = `a&b=c#d "é" +%/?<'>`;
  const linkOf = (address: string, value = VALUE) => {
    const html = `<a title="{{variables.name}}" href='${address}'>{{variables.name}}</a> {{code}}`;
    const rendered = withTemplate('email', { html }, { variables: { name: value } }).html;
    return /href='([^']*)'/.exec(rendered)?.[1]?.replaceAll('&amp;', '&').replaceAll('&#39;', "'") ?? '';
  };

  test('stays the value of its own parameter', () => {
    const link = new URL(linkOf('https://acme.example/?order={{variables.name}}&amp;code={{code}}'));
    expect(Object.fromEntries(link.searchParams)).toEqual({ order: VALUE, code: '123456' });
    expect(link.hash).toBe('');
  });

  test('stays the part of the path, and of the host, that it is', () => {
    expect(linkOf('https://acme.example/{{variables.name}}/x', '../@evil.example')).toBe(
      'https://acme.example/..%2F%40evil.example/x',
    );
    expect(() => new URL(linkOf('https://{{variables.name}}.acme.example/', 'evil.example/'))).toThrow('Invalid URL');
  });

  test('is legible as the mailbox or phone that is written to, and stays the value of a parameter of that', () => {
    const mailbox = 'mailto:{{variables.name}}?subject={{variables.name}}';
    expect(linkOf(mailbox, 'a+b@acme.example')).toBe('mailto:a+b@acme.example?subject=a%2Bb%40acme.example');
    expect(linkOf('tel:{{variables.name}}', '+1415')).toBe('tel:+1415');
    expect(linkOf(mailbox, 'a,b@x?bcc=c')).toBe('mailto:a%2Cb@x%3Fbcc%3Dc?subject=a%2Cb%40x%3Fbcc%3Dc');
  });

  test('is escaped for HTML alone beside it', () => {
    const html = '<a title="{{variables.name}}" href="https://acme.example/">{{variables.name}}</a> {{code}}';
    expect(withTemplate('email', { html }, { variables: { name: 'a b&c' } }).html).toBe(
      '<a title="a b&amp;c" href="https://acme.example/">a b&amp;c</a> 123456',
    );
  });
});

describe('what others wrote cannot get out of its place', () => {
  const PIECES = [
    '<',
    '>',
    '"',
    "'",
    '`',
    '&',
    '\r\n',
    '\n',
    '\u2028',
    '\u202e',
    '\u2067',
    '\0',
    '\x1b',
    '\ud800',
    ' ',
    '{{code}}',
    '$&',
    '@evil.example #1',
    '<script>',
    'href=javascript:',
    '-->',
    '</p>',
    'é',
    '👍',
    'Acme',
  ];

  function randomOf(seed: number) {
    let state = seed + 1;
    return (below: number) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
  }

  test.each(Array.from({ length: 300 }, (_, seed) => seed))('seed %i', (seed) => {
    const random = randomOf(seed);
    const value = () => `x${Array.from({ length: random(9) }, () => PIECES[random(PIECES.length)]).join('')}`;
    const more = { variables: { name: value() }, binding: { amount: value(), payee: value() }, locale: value() };
    const names = '{{variables.name}}|{{amount}}|{{payee}}';
    const link = '<a href="https://acme.example/?a={{variables.name}}&amp;b={{amount}}#c">';
    const html = `<p title="${names}">${link}${names}</a> {{code}}</p>`;
    const own = withTemplate('email', { text: `${names} {{code}}`, subject: `${names}!`, html }, more);
    const shipped = renderMessage({ ...WANTED, ...more, channel: 'email', purpose: 'transaction' });

    for (const { subject } of [own, shipped])
      expect(subject).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u);
    // The template's own line and no other: whoever splits it finds what was put in.
    expect(own.text.split(/[\r\n\u2028\u2029]/)).toHaveLength(1);
    expect(own.text.isWellFormed()).toBe(true);
    // Its four tags, and nothing that a reader could take for another, or for the end of an attribute.
    for (const character of '<>"') expect(own.html.split(character)).toHaveLength(1 + 4);
    const [, address = ''] = /href="([^"]*)"/.exec(own.html) ?? [];
    const { searchParams, hash } = new URL(address.replaceAll('&amp;', '&').replaceAll('&#39;', "'"));
    expect(own.text.startsWith(`${searchParams.get('a')}|${searchParams.get('b')}|`)).toBe(true);
    expect([[...searchParams.keys()], hash]).toEqual([['a', 'b'], '#c']);
    expect(own.html).not.toMatch(/&(?!(amp|lt|gt|quot|#39|#96);)/);
    const tagsOf = (text: string) => text.match(/<[a-z/!][^>]*>/g)?.map((tag) => tag.replace(/ .*/, ''));
    const plain = renderMessage({
      ...WANTED,
      channel: 'email',
      purpose: 'transaction',
      binding: { amount: 'x', payee: 'x' },
    });
    expect(tagsOf(shipped.html)).toEqual(tagsOf(plain.html));
    for (const channel of ['sms', 'whatsapp', 'voice', 'push'] as const) {
      const { text } = renderMessage({ ...WANTED, ...more, channel, purpose: 'transaction' });
      expect(text).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u);
      expect(text.isWellFormed()).toBe(true);
    }
  });
});
