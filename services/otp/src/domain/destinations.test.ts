import type { OpenVerification } from '@watchword/contracts';
import { AppError } from '@watchword/platform';
import { describe, expect, test } from 'vitest';
import { readDestination, readDestinations } from './destinations.ts';

const TOKEN = 'fcm-token_of:a-device';

/** The fields that it is refused for; undefined when it is not. */
function pointersOf(to: OpenVerification['to']): string[] | undefined {
  try {
    readDestinations(to);
    return undefined;
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'invalid_destination') throw error;
    return error.options.errors?.map(({ pointer }) => pointer);
  }
}

describe('a text', () => {
  test.each([
    ['+4915112345678', { phone: '+4915112345678' }],
    [' Ann@Example.COM ', { email: 'ann@example.com' }],
    ['ann@bücher.example', { email: 'ann@xn--bcher-kva.example' }],
    [TOKEN, { device_token: TOKEN }],
  ])('%j is told by its shape, and has one spelling', (to, addresses) => {
    expect(readDestinations(to).addresses).toEqual(addresses);
    expect(readDestination(to)).toBe(Object.values(addresses)[0]);
  });

  test.each([
    '',
    '14155550123',
    '0151 234-5678',
    '4915112345678901',
    '+999123456789',
    '+1415555012a',
    '(415) 555-0123',
    'nobody',
    'a b c d e f g h i j',
    'ann@',
    '@example.com',
    'ann@example',
    'a@b@example.com',
    'ann@exa mple.com',
    'ann\n@example.com',
    'ann@-x.com',
    'a..b@example.com',
    `${'a'.repeat(65)}@example.com`,
    `a@${'b'.repeat(60)}.${'c.'.repeat(95)}example`,
    '"ann"@example.com',
    'ann@[127.0.0.1]',
    'ann@127.0.0.1',
    'ann@example.com\r\nBcc: eve@example.com',
  ])('%j is no destination, which is said of the field', (to) => {
    expect(pointersOf(to)).toEqual(['/to']);
  });
});

test('several addresses come each in its field, and the phone with its country', () => {
  const to = { phone: '+4915112345678', email: 'Ann@example.com', device_token: TOKEN };
  expect(readDestinations(to)).toMatchObject({
    addresses: { ...to, email: 'ann@example.com' },
    phone: { e164: to.phone, country: 'DE' },
  });
  expect(readDestinations({ email: to.email }).phone).toBeUndefined();
});

test('every field that is wrong is named, whatever else it would be', () => {
  expect(pointersOf({ phone: 'ann@example.com', email: '+4915112345678', device_token: 'short' })).toEqual([
    '/to/phone',
    '/to/email',
    '/to/device_token',
  ]);
  expect(pointersOf({ phone: '+4915112345678', email: 'nobody' })).toEqual(['/to/email']);
  expect(pointersOf({ device_token: '+4915112345678901' })).toEqual(['/to/device_token']);
  expect(pointersOf({ device_token: '{"phone":"+4915112345678"}' })).toEqual(['/to/device_token']);
});

test('a mistake is explained, and what was given is not repeated', () => {
  expect(() => readDestinations('0151-2345678')).toThrow(/in E\.164 form/);
  expect(() => readDestinations('0151-2345678')).not.toThrow(/2345678/);
  expect(() => readDestinations('nobody')).toThrow(/phone number.*e-mail address.*device token/);
});
