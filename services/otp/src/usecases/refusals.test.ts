import { expect, test } from 'vitest';
import { checksLocked, sendRefused } from './refusals.ts';

test('a wait is rounded up, so that who waits as told is let in', () => {
  const { options } = sendRefused({ result: 'resend_too_soon', retryMs: 29_001 });
  expect(options).toMatchObject({ retryAfterSeconds: 30, limit: 'pacing' });
});

test('a lock that ends names its end, one for good says who can end it', () => {
  expect(checksLocked({ result: 'checks_locked', retryMs: 3_600_000 }).message).toContain('try again in 3600 s');
  expect(checksLocked({ result: 'checks_locked', retryMs: Number.MAX_SAFE_INTEGER }).message).toContain('operator');
});
