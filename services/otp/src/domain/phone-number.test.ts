import { expect, test } from 'vitest';
import { maskPhoneNumber, parsePhoneNumber } from './phone-number.ts';

test('takes E.164 with its country', () => {
  expect(parsePhoneNumber('+4915112345678')).toEqual({ e164: '+4915112345678', country: 'DE' });
  expect(parsePhoneNumber('+14155550123').e164).toBe('+14155550123');
});

test.each(['', '14155550123', '+0155', '+1 415 555 0123', '+999123456789', '+1415', 'ｎｏ', `+1${'5'.repeat(20)}`])(
  'refuses %j and names the field',
  (text) => {
    expect(() => parsePhoneNumber(text)).toThrow(expect.objectContaining({ code: 'invalid_destination' }));
    expect(() => parsePhoneNumber(text)).toThrow(/^\/to: /);
  },
);

test('a masked number keeps its country code and last two digits, and its length', () => {
  expect(maskPhoneNumber('+14155550123')).toBe('+1********23');
  expect(maskPhoneNumber('+4915112345678')).toBe('+49*********78');
});
