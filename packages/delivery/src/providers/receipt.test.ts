import { expect, test } from 'vitest';
import { reachableReceiptsUrl } from './receipt.ts';

test('no provider out there is asked to call this machine’s loopback, the sandbox on it is', () => {
  const there = 'https://api.twilio.com';
  const here = 'http://127.0.0.1:8025';
  expect(reachableReceiptsUrl('https://otp.example.com', there)).toBe('https://otp.example.com');
  for (const loopback of [
    'http://127.0.0.1:8080',
    'http://localhost:8080',
    'http://[::1]:8080',
    'http://gateway:8080',
  ]) {
    expect(reachableReceiptsUrl(loopback, there)).toBeUndefined();
    expect(reachableReceiptsUrl(loopback, here)).toBe(loopback);
  }
  expect(reachableReceiptsUrl(undefined, here)).toBeUndefined();
});
