import { describe, expect, it } from 'vitest';
import { findCode, findSpokenCode } from './code.ts';

describe('findCode', () => {
  it.each([
    ['Your login OTP is 123456. Do not share it with anyone.', '123456'],
    ['1234567890', '1234567890'],
    ['Order 12345 confirmed, code 654321', '654321'],
    ['CODE WATCHWORD 123456', '123456'],
    ['first 111111 then 222222', '111111'],
    ['call +14155550123 about 987654', '987654'],
    ['@example.com #123456', '123456'],
    ['code:\n004200\n', '004200'],
  ])('finds the first stand-alone run of 6–10 digits in %j', (text, code) => {
    expect(findCode(text)).toBe(code);
  });

  it.each([
    ['Your code is K7QM2XPA9R.', 'K7QM2XPA9R'],
    ['Use ABC123 now', 'ABC123'],
    ['OTP: 12A45B7', '12A45B7'],
  ])('falls back to the first upper-case word of 6–10 letters and digits in %j', (text, code) => {
    expect(findCode(text)).toBe(code);
  });

  it.each([
    '',
    'hello',
    '12345',
    '12345678901',
    'abc123456',
    '123456abc',
    '123456é',
    'code_123456',
    'ABCDE',
    'ABCDEFGHIJK',
    'AbCDEF1',
  ])('finds none in %j', (text) => {
    expect(findCode(text)).toBeNull();
  });
});

describe('findSpokenCode', () => {
  it.each([
    ['Your code is 1 2 3 4 5 6. Again: 1 2 3 4 5 6.', '123456'],
    ['Your code is: 4, 8, 2, 9, 1, 3', '482913'],
    ['Il tuo codice è K 7 Q M 2 X P A 9 R. Ripeto', 'K7QM2XPA9R'],
    ['1. 2. 3. 4. 5. 6.', '123456'],
    ['Your code is 123456.', '123456'],
  ])('joins what is spoken apart in %j', (text, code) => {
    expect(findSpokenCode(text)).toBe(code);
  });

  it.each(['', 'Press 1 or 2 to go on', 'a b c d e f'])('finds none in %j', (text) => {
    expect(findSpokenCode(text)).toBeNull();
  });
});
