import { expect, test } from 'vitest';
import { callingCodeOf, maskPhoneNumber, readPhoneNumber } from './phone-number.ts';

test('takes E.164 with its country', () => {
  expect(readPhoneNumber('+4915112345678')).toEqual({
    e164: '+4915112345678',
    country: 'DE',
    callingCode: '+49',
  });
  expect(readPhoneNumber('+14155550123')?.e164).toBe('+14155550123');
});

test.each(['', '14155550123', '+0155', '+1 415 555 0123', '+999123456789', '+1415', 'ｎｏ', `+1${'5'.repeat(20)}`])(
  'takes no %j',
  (text) => {
    expect(readPhoneNumber(text)).toBeUndefined();
  },
);

test('a masked number keeps its country code and last two digits, and its length', () => {
  expect(maskPhoneNumber('+14155550123')).toBe('+1********23');
  expect(maskPhoneNumber('+4915112345678')).toBe('+49*********78');
  expect(maskPhoneNumber(undefined)).toBe('+***');
});

test('the calling code of a country, as far as there is one', () => {
  expect([callingCodeOf('DE'), callingCodeOf('CA'), callingCodeOf('ZZ'), callingCodeOf('+49')]).toEqual([
    '+49',
    '+1',
    undefined,
    undefined,
  ]);
});
