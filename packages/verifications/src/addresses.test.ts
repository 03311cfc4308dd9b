import { describe, expect, test } from 'vitest';
import {
  type Addresses,
  addressKindOf,
  addressOf,
  kindsOf,
  maskAddress,
  packAddresses,
  primaryOf,
  readAddress,
  unpackAddresses,
} from './addresses.ts';

const TOKEN = 'cGhvbmUtdG9rZW4:APA91b_made-up';

test.each([
  ['+14155550123', 'phone'],
  ['+news@example.com', 'email'],
  ['+1@example.com', 'email'],
  ['ada@example.com', 'email'],
  [TOKEN, 'device_token'],
] as const)('the shape of %s tells that it is a %s', (text, kind) => {
  expect(addressKindOf(text)).toBe(kind);
});

describe('an e-mail address', () => {
  test.each([
    [' Ada.Lovelace+otp@Example.COM ', 'ada.lovelace+otp@example.com'],
    ['ada@bücher.example', 'ada@xn--bcher-kva.example'],
    [`${'a'.repeat(64)}@example.com`, `${'a'.repeat(64)}@example.com`],
  ])('is read in one spelling: %j', (text, address) => {
    expect(readAddress('email', text)).toBe(address);
  });

  test.each([
    'ada',
    '@example.com',
    'ada@',
    'ada@localhost',
    'ada@@example.com',
    'ada@example.com@example.org',
    'ada lovelace@example.com',
    'ada@exam ple.com',
    'ada@example.com\r\nBcc: eve@example.com',
    '"ada"@example.com',
    'ada,eve@example.com',
    '<ada@example.com>',
    'ada..l@example.com',
    'ada@-example.com',
    `${'a'.repeat(65)}@example.com`,
    `ada@${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(63)}.com`,
  ])('is not %j', (text) => {
    expect(readAddress('email', text)).toBeUndefined();
  });
});

test('a phone number is read as E.164, and a device token as it is, when it looks like nothing else', () => {
  expect(readAddress('phone', '+14155550123')).toBe('+14155550123');
  expect(readAddress('phone', '14155550123')).toBeUndefined();
  expect(readAddress('device_token', TOKEN)).toBe(TOKEN);
  for (const text of ['short', 'with a space in it', `${TOKEN}@x`, `+${TOKEN}`, `{"${TOKEN}`, 'x'.repeat(513)]) {
    expect(readAddress('device_token', text)).toBeUndefined();
  }
});

test('of several addresses the phone number stands for all, then the e-mail address', () => {
  const all = { device_token: TOKEN, email: 'ada@example.com', phone: '+14155550123' };
  expect(kindsOf(all)).toEqual(['phone', 'email', 'device_token']);
  expect(primaryOf(all)).toBe('+14155550123');
  expect(primaryOf({ device_token: TOKEN, email: 'ada@example.com' })).toBe('ada@example.com');
  expect(() => primaryOf({})).toThrow(/at least one/);
  expect((['sms', 'voice', 'whatsapp', 'email', 'push'] as const).map((channel) => addressOf(all, channel))).toEqual([
    all.phone,
    all.phone,
    all.phone,
    all.email,
    all.device_token,
  ]);
  expect(addressOf({ email: 'ada@example.com' }, 'sms')).toBeUndefined();
});

test('what is sealed of one address is the address itself, as it always was; several come back as they were', () => {
  const given: readonly Addresses[] = [
    { phone: '+14155550123' },
    { email: 'ada@example.com' },
    { device_token: TOKEN },
    { phone: '+14155550123', email: 'ada@example.com' },
    { email: 'ada@example.com', device_token: TOKEN },
  ];
  for (const addresses of given) expect(unpackAddresses(packAddresses(addresses))).toEqual(addresses);
  expect(packAddresses({ phone: '+14155550123' })).toBe('+14155550123');
});

test('a masked address tells its owner which it is, and nobody else', () => {
  expect(maskAddress('+14155550123')).toBe('+1********23');
  expect(maskAddress('ada@example.com')).toBe('a***@example.com');
  expect(maskAddress('ad@example.com')).toBe('***@example.com');
  expect(maskAddress(TOKEN)).toBe(`***${TOKEN.slice(-4)}`);
  expect(maskAddress('x'.repeat(16))).toBe('***');
  expect([maskAddress(undefined), maskAddress(undefined, 'email'), maskAddress(undefined, 'push')]).toEqual([
    '+***',
    '***',
    '***',
  ]);
});
