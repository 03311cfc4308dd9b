import { describe, expect, test } from 'vitest';
import { checkTemplate, chooseTemplate, countSegments, renderTemplate, type Template } from '../index.ts';

const values = { code: '123456', purpose: 'password_reset', ttlMs: 300_000 };

describe('a template as it is sent', () => {
  test.each([
    ['{{code}} for {{purpose}}, {{ttl_minutes}} min', '123456 for password reset, 5 min'],
    ['{{ otp }} ({{  ttl_seconds}} s)', '123456 (300 s)'],
    ['no placeholder', 'no placeholder'],
    ['{{code}} {{name}} {{constructor}} {code}', '123456 {{name}} {{constructor}} {code}'],
    ['$& {{code}} $1', '$& 123456 $1'],
  ])('%s', (text, rendered) => {
    expect(renderTemplate(text, values)).toBe(rendered);
  });

  test('puts values in once: braces in a value are no placeholder', () => {
    expect(renderTemplate('{{purpose}} {{code}}', { ...values, purpose: '{{code}}' })).toBe('{{code}} 123456');
  });

  test.each([
    [59_999, '1', '59'],
    [60_000, '1', '60'],
    [119_000, '1', '119'],
    [600_000, '10', '600'],
  ])('tells of %i ms no more than there is: %s min, %s s', (ttlMs, minutes, seconds) => {
    expect(renderTemplate('{{ttl_minutes}} {{ttl_seconds}}', { ...values, ttlMs })).toBe(`${minutes} ${seconds}`);
  });
});

describe('what is wrong with a template', () => {
  test.each<[string, [string, number][]]>([
    ['Your code: {{code}}', []],
    ['{{ otp }} within {{ttl_minutes}}', []],
    ['hello', [['code_missing', 0]]],
    ['{{code}} and {{otp}}', [['code_repeated', 13]]],
    ['{{code}} {{nmae}}', [['unknown_placeholder', 9]]],
    ['{{code}} {{}}', [['unknown_placeholder', 9]]],
    ['{{code}} }}', [['stray_braces', 9]]],
    [
      '{{code}',
      [
        ['stray_braces', 0],
        ['code_missing', 0],
      ],
    ],
    ['{{code}} {single}', []],
  ])('%s', (text, problems) => {
    expect(checkTemplate(text).map(({ problem, position }) => [problem, position])).toEqual(problems);
  });

  test('quotes a name, and never more of the text', () => {
    const [problem] = checkTemplate(`{{code}}{{${'x'.repeat(500)}}}`);
    expect(problem?.detail.length).toBeLessThan(160);
  });
});

describe('the template of a message', () => {
  const template = (purpose: string, locale: string, channel: Template['channel'] = 'sms'): Template => ({
    id: `${purpose} ${locale} ${channel}`,
    purpose,
    channel,
    locale,
    version: 1,
    text: '{{code}}',
  });
  const templates = [
    template('*', '*'),
    template('*', 'de'),
    template('login', '*'),
    template('login', 'de'),
    template('login', 'de-AT'),
    template('login', 'zh-Hant'),
    template('login', 'he'),
    template('login', 'fr', 'email'),
  ];
  test.each([
    ['login', 'de-AT', 'login de-AT sms'],
    ['login', 'DE-at', 'login de-AT sms'],
    ['login', 'de-CH', 'login de sms'],
    ['login', 'zh-Hant-TW', 'login zh-Hant sms'],
    ['login', 'zh-Hant-x-a-b', 'login zh-Hant sms'],
    ['login', 'iw-IL', 'login he sms'],
    ['login', 'de-AT-x', 'login de-AT sms'],
    ['login', 'fr', 'login * sms'],
    ['login', undefined, 'login * sms'],
    ['transaction', 'de-DE', '* de sms'],
    ['transaction', 'fr', '* * sms'],
    ['constructor', undefined, '* * sms'],
  ])('of %s in %s is %s', (purpose, locale, id) => {
    expect(chooseTemplate(templates, { channel: 'sms', purpose, locale })?.id).toBe(id);
  });

  test('is the shipped one when none fits', () => {
    const wanted = { channel: 'sms', purpose: 'login', locale: 'de' } as const;
    expect(chooseTemplate([], wanted)).toBeUndefined();
    expect(chooseTemplate([template('login', 'de', 'email'), template('login', 'fr')], wanted)).toBeUndefined();
  });
});

describe('segments', () => {
  test.each<[string, string, number]>([
    ['a'.repeat(160), 'gsm7', 1],
    ['a'.repeat(161), 'gsm7', 2],
    ['a'.repeat(306), 'gsm7', 2],
    ['a'.repeat(307), 'gsm7', 3],
    ['€'.repeat(80), 'gsm7', 1],
    ['€'.repeat(81), 'gsm7', 2],
    [`${'a'.repeat(152)}€${'a'.repeat(152)}`, 'gsm7', 3],
    ['я'.repeat(70), 'ucs2', 1],
    ['я'.repeat(71), 'ucs2', 2],
    ['я'.repeat(134), 'ucs2', 2],
    ['я'.repeat(135), 'ucs2', 3],
    ['👍'.repeat(35), 'ucs2', 1],
    [`${'я'.repeat(66)}👍${'я'.repeat(66)}`, 'ucs2', 3],
    ['', 'gsm7', 1],
  ])('of %s: %s, %i', (text, encoding, segments) => {
    expect(countSegments(text)).toEqual({ encoding, segments });
  });
});
