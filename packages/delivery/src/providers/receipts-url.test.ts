import { Secret } from '@watchword/platform';
import { expect, test } from 'vitest';
import type { Account } from './provider-kind.ts';
import { receiptsUrlOf } from './receipts-url.ts';

const PROJECTS = 'default.prv_1';
const there = 'https://api.twilio.com';
const here = 'http://127.0.0.1:8025';
const live = (credentials: Record<string, string> = {}): Account => ({ mode: 'live', settings: {}, credentials });
const twin: Account = { mode: 'test', settings: {}, sandboxToken: new Secret('x') };

function asked(account: Account, receiptsUrl: string | undefined, providerUrl = there, reference = PROJECTS) {
  return receiptsUrlOf(account, { reference, receiptsUrl }, providerUrl, 'signature_secret');
}

test('a project’s account asks for receipts only when somebody could believe them', () => {
  const url = 'https://otp.example.com';
  expect(asked(live(), url)).toBeUndefined();
  expect(asked(live({ other: 'x' }), url)).toBeUndefined();
  expect(asked(live({ signature_secret: 'x' }), url)).toBe(url);
  expect(asked(live(), url, there, 'platform')).toBe(url);
  expect(asked(twin, url, here)).toBe(url);
});

test('no provider out there is asked to call this machine’s loopback, the sandbox on it is', () => {
  const signed = live({ signature_secret: 'x' });
  expect(asked(signed, 'https://otp.example.com')).toBe('https://otp.example.com');
  for (const loopback of [
    'http://127.0.0.1:8080',
    'http://localhost:8080',
    'http://[::1]:8080',
    'http://gateway:8080',
  ]) {
    expect(asked(signed, loopback)).toBeUndefined();
    expect(asked(signed, loopback, here)).toBe(loopback);
  }
  expect(asked(signed, undefined, here)).toBeUndefined();
});
