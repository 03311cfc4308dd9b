import { expect, test } from 'vitest';
import { parsePhoneNumber } from './phone-number.ts';

test('takes E.164 with its country', () => {
  expect(parsePhoneNumber('+4915112345678')).toMatchObject({ e164: '+4915112345678', country: 'DE' });
});

test.each(['', '14155550123', '+999123456789'])('refuses %j and names the field', (text) => {
  expect(() => parsePhoneNumber(text)).toThrow(expect.objectContaining({ code: 'invalid_destination' }));
  expect(() => parsePhoneNumber(text)).toThrow(/^\/to: /);
});
