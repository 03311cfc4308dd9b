import { CHANNELS } from '@watchword/contracts';
import { describe, expect, test } from 'vitest';
import { isGsm7 } from '../gsm7.ts';
import type { WantedMessage } from '../message.ts';
import { renderMessage } from '../render-message.ts';
import { countSegments } from '../segments.ts';
import { SHIPPED_LANGUAGES, shippedLanguageOf } from './languages.ts';

const WANTED: WantedMessage = {
  channel: 'sms',
  purpose: 'login',
  locale: 'en',
  code: '123456',
  ttlMs: 300_000,
  variables: undefined,
  binding: undefined,
  autofill: undefined,
  templates: [],
};
const PURPOSES = ['login', 'registration', 'password_reset', 'transaction', 'door_unlock'];
/** Whose letters GSM-7 lacks. */
const WIDE = new Set(['hi', 'ar']);
const textOf = (wanted: Partial<WantedMessage>) => renderMessage({ ...WANTED, ...wanted }).text;

describe('the English SMS', () => {
  test.each([
    ['login', 'Your login OTP is 123456. Do not share it with anyone. Valid for 5 minutes.'],
    ['registration', 'Your registration OTP is 123456. Do not share it with anyone. Valid for 5 minutes.'],
    ['verification', 'Your registration OTP is 123456. Do not share it with anyone. Valid for 5 minutes.'],
    ['password_reset', 'Your password reset OTP is 123456. Do not share it with anyone. Valid for 5 minutes.'],
    ['transaction', 'Your transaction OTP is 123456. Do not share it with anyone. Valid for 5 minutes.'],
    ['door_unlock', 'Your OTP is 123456. Do not share it with anyone. Valid for 5 minutes.'],
    ['constructor', 'Your OTP is 123456. Do not share it with anyone. Valid for 5 minutes.'],
    ['other', 'Your OTP is 123456. Do not share it with anyone. Valid for 5 minutes.'],
  ])('names the purpose %s', (purpose, text) => {
    expect(textOf({ purpose })).toBe(text);
  });

  test.each([
    [60_000, '1 minute.'],
    [90_000, '90 seconds.'],
    [1_000, '1 second.'],
    [400, '1 second.'],
    [2_900, '2 seconds.'],
    [600_000, '10 minutes.'],
  ])('never promises more than %i ms of life', (ttlMs, end) => {
    expect(textOf({ ttlMs })).toMatch(new RegExp(`Valid for ${end}$`));
  });

  test('shows what a transaction is about', () => {
    const binding = { amount: 'EUR 10.00', payee: 'Acme\nLtd' };
    expect(textOf({ purpose: 'transaction', binding })).toBe(
      'Your transaction OTP is 123456. Amount: EUR 10.00. Payee: Acme Ltd. Do not share it with anyone. Valid for 5 minutes.',
    );
    expect(textOf({ purpose: 'transaction', binding: { constructor: 'x', payee: ' ' } })).toBe(
      textOf({ purpose: 'transaction' }),
    );
  });
});

test.each([
  ['de-AT', 'de'],
  ['PT-br', 'pt'],
  ['in', 'id'],
  ['ru', 'en'],
  ['', 'en'],
  ['constructor', 'en'],
  [undefined, 'en'],
])('%s is answered in %s', (locale, language) => {
  expect(shippedLanguageOf(locale)).toBe(language);
  expect(renderMessage({ ...WANTED, locale }).locale).toBe(language);
});

describe.each(SHIPPED_LANGUAGES)('in %s', (locale) => {
  test.each(PURPOSES)('an SMS for %s is one segment of GSM-7 with the longest code, or two of UCS-2', (purpose) => {
    const text = textOf({ locale, purpose, code: 'ABCDEFGHJK', ttlMs: 599_000 });
    expect(isGsm7(text)).toBe(!WIDE.has(locale));
    expect(countSegments(text).segments, text).toBeLessThanOrEqual(WIDE.has(locale) ? 2 : 1);
    expect(countSegments(textOf({ locale, purpose: 'login' })).segments).toBe(1);
  });

  test('every channel and purpose shows the code once, and leaves no placeholder', () => {
    for (const channel of CHANNELS) {
      for (const purpose of PURPOSES) {
        const binding = { amount: '10', payee: 'Acme' };
        const { text, subject, html } = renderMessage({ ...WANTED, channel, locale, purpose, binding });
        const spoken = channel === 'voice' ? '1, 2, 3, 4, 5, 6' : '123456';
        expect(text.split(spoken), text).toHaveLength(2);
        expect(html.split('123456')).toHaveLength(channel === 'email' ? 2 : 1);
        expect(text + subject + html).not.toMatch(/[{}]{2}|undefined/);
        expect(text).toContain('Acme');
        expect(subject === '').toBe(channel !== 'email' && channel !== 'push');
      }
    }
  });

  test('what differs between purposes is said', () => {
    for (const channel of CHANNELS) {
      const said = PURPOSES.map((purpose) => textOf({ channel, locale, purpose }));
      expect(new Set(said).size).toBe(PURPOSES.length);
    }
  });

  test('every count of minutes and seconds has its form', () => {
    for (let seconds = 1; seconds <= 600; seconds += 1) {
      expect(textOf({ locale, ttlMs: seconds * 1_000 })).not.toMatch(/[{}]|undefined/);
    }
  });
});

test.each([
  [60_000, 'صالح لمدة دقيقة واحدة.'],
  [120_000, 'صالح لمدة دقيقتين.'],
  [300_000, 'صالح لمدة 5 دقائق.'],
  [660_000, 'صالح لمدة 11 دقيقة.'],
  [100_000, 'صالح لمدة 100 ثانية.'],
])('Arabic counts %i ms as it does', (ttlMs, end) => {
  expect(textOf({ locale: 'ar', ttlMs }).endsWith(end)).toBe(true);
});

test('an Arabic e-mail reads from right to left, its code from left to right', () => {
  const { html, subject } = renderMessage({ ...WANTED, channel: 'email', locale: 'ar' });
  expect(html).toContain('<html lang="ar" dir="rtl">');
  expect(html).toContain('<bdi dir="ltr">123456</bdi>');
  expect(subject).toBe('رمز تسجيل الدخول');
});
