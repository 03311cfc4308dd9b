import { describe, expect, it } from 'vitest';
import { normalisePhoneNumber } from './phone-number.ts';

describe('normalisePhoneNumber', () => {
  it.each(['+14155550123', '14155550123', ' 14155550123', '+1 (415) 555-0123'])('reads %j as E.164', (written) => {
    expect(normalisePhoneNumber(written)).toBe('+14155550123');
  });

  it.each(['', '+', 'hello', '+0123456789', '+1234567890123456', '++14155550123', '1415555o123'])(
    'sees that %j is no number',
    (written) => {
      expect(normalisePhoneNumber(written)).toBeUndefined();
    },
  );
});
