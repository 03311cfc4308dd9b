import { describe, expect, test } from 'vitest';
import { renderCodeMessage } from './code-message.ts';
import { isGsm7 } from './gsm7.ts';

describe('the message with a code', () => {
  test.each([
    ['login', 'Your login OTP is 123456. Do not share it with anyone. Valid for 5 minutes.'],
    ['registration', 'Your registration OTP is 123456. Do not share it with anyone. Valid for 5 minutes.'],
    ['verification', 'Your registration OTP is 123456. Do not share it with anyone. Valid for 5 minutes.'],
    ['password_reset', 'Your password reset OTP is 123456. Do not share it with anyone. Valid for 5 minutes.'],
    ['transaction', 'Your transaction OTP is 123456. Do not share it with anyone. Valid for 5 minutes.'],
    ['door_unlock', 'Your OTP is 123456. Do not share it with anyone. Valid for 5 minutes.'],
    ['constructor', 'Your OTP is 123456. Do not share it with anyone. Valid for 5 minutes.'],
  ])('names the purpose %s', (purpose, text) => {
    expect(renderCodeMessage({ purpose, code: '123456', ttlMs: 300_000 })).toBe(text);
  });

  test.each([
    [60_000, '1 minute.'],
    [90_000, '90 seconds.'],
    [1_000, '1 second.'],
    [400, '1 second.'],
    [2_900, '2 seconds.'],
    [600_000, '10 minutes.'],
  ])('never promises more than %i ms of life', (ttlMs, end) => {
    expect(renderCodeMessage({ purpose: 'login', code: '123456', ttlMs })).toMatch(new RegExp(`Valid for ${end}$`));
  });

  test('fits one GSM-7 message with the longest code and purpose', () => {
    const text = renderCodeMessage({ purpose: 'password_reset', code: 'ABCDEFGHJKLM', ttlMs: 599_000 });
    expect(text.length).toBeLessThanOrEqual(160);
    expect(isGsm7(text)).toBe(true);
  });

  test('knows what GSM-7 cannot write', () => {
    expect(isGsm7('Ça coûte')).toBe(false);
    expect(isGsm7('€ {a} [b] ~ ^ | \\ éèü')).toBe(true);
    expect(isGsm7('код')).toBe(false);
    expect(isGsm7('👍')).toBe(false);
  });
});
