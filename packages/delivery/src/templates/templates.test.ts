import { describe, expect, test } from 'vitest';
import { checkTemplate, type TemplateContent } from './check-template.ts';
import { chooseTemplate, type Template } from './choose-template.ts';
import { renderTemplate } from './render-template.ts';

const values = {
  code: '123456',
  purpose: 'password_reset',
  ttlMs: 300_000,
  variables: { order: 'A-1' },
  binding: { amount: 'EUR 10.00', payee: 'Acme' },
};
const sms = { channel: 'sms', subject: null, html: null } as const;
const email = { channel: 'email', text: '{{code}}', subject: null, html: null } as const;
const found = (template: TemplateContent) =>
  checkTemplate(template).map(({ field, problem, position }) => [field, problem, position]);

describe('a template as it is sent', () => {
  test.each([
    ['{{code}} for {{purpose}}, {{ttl_minutes}} min', '123456 for password reset, 5 min'],
    ['{{ otp }} ({{  ttl_seconds}} s)', '123456 (300 s)'],
    ['no placeholder', 'no placeholder'],
    ['{{code}} {{name}} {{constructor}} {code}', '123456 {{name}} {{constructor}} {code}'],
    ['$& {{code}} $1', '$& 123456 $1'],
    ['{{code}}: {{amount}} to {{payee}}', '123456: EUR 10.00 to Acme'],
    ['{{ variables.order }}, {{variables.none}}, {{variables.}}', 'A-1, , {{variables.}}'],
    ['{{variables.constructor}}', ''],
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
    expect(checkTemplate({ ...sms, text }).map(({ problem, position }) => [problem, position])).toEqual(problems);
  });

  test('quotes a name, and never more of the text', () => {
    const [problem] = checkTemplate({ ...sms, text: `{{code}}{{${'x'.repeat(500)}}}` });
    expect(problem?.detail.length).toBeLessThan(220);
  });

  test('is found in a time that its length bounds', () => {
    const startedAt = performance.now();
    expect(found({ ...email, text: `{{code}} {{${' '.repeat(9_000)}` })).toEqual([['text', 'stray_braces', 9]]);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  test('what an SMS cannot hold, however short its values are', () => {
    const fits = `{{code}}${'x'.repeat(1_520)}`;
    expect(found({ ...sms, text: fits })).toEqual([]);
    expect(found({ ...sms, text: `${fits}x` })).toEqual([['text', 'too_long', 0]]);
    expect(found({ ...sms, text: `{{code}}${'я'.repeat(660)}` })).toEqual([]);
    expect(found({ ...sms, text: `{{code}}${'я'.repeat(661)}` })).toEqual([['text', 'too_long', 0]]);
    expect(found({ ...sms, channel: 'voice', text: `{{code}}${'x'.repeat(1_600)}` })).toEqual([
      ['text', 'too_long', 0],
    ]);
    expect(found({ ...email, text: `{{code}}${'x'.repeat(9_000)}` })).toEqual([]);
  });

  test.each<[TemplateContent, [string, string, number][]]>([
    [{ ...email, subject: 'Your code', html: '<b>{{code}}</b>' }, []],
    [{ ...email, subject: '{{code}} is your code for {{variables.order}}' }, []],
    [{ ...email, subject: 'Your code\r\nBcc: x@example.com' }, [['subject', 'line_break', 9]]],
    [{ ...email, subject: '{{nmae}}' }, [['subject', 'unknown_placeholder', 0]]],
    [{ ...email, subject: 'x'.repeat(201) }, [['subject', 'too_long', 0]]],
    [{ ...email, html: '<b>hello</b>' }, [['html', 'code_missing', 0]]],
    [{ ...email, html: '<b title={{code}}>' }, [['html', 'unsafe_place', 0]]],
    [{ ...sms, text: '{{code}}', subject: 'Your code' }, [['subject', 'not_of_channel', 0]]],
    [{ ...email, channel: 'push', subject: 'Your code', html: '{{code}}' }, [['html', 'not_of_channel', 0]]],
  ])('in an e-mail or a push message: %j', (template, problems) => {
    expect(found(template)).toEqual(problems);
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
    subject: null,
    html: null,
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
