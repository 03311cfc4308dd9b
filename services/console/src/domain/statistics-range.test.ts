import { expect, test } from 'vitest';
import { chooseRange } from './statistics-range.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const TODAY = Date.parse('2026-11-20T00:00:00Z');
const NOW = TODAY + 9 * HOUR + 12_345;

test('without ends it is the day that ends now, by the minute', () => {
  const to = TODAY + 9 * HOUR + MINUTE;
  expect(chooseRange({}, undefined, NOW)).toEqual({ resolution: 'minute', from: TODAY - 15 * HOUR, to });
});

test('whole days are read by the day, and so is a day that is not over', () => {
  const yesterday = { from: TODAY - DAY, to: TODAY };
  expect(chooseRange(yesterday, undefined, NOW)).toEqual({ resolution: 'day', ...yesterday });
  expect(chooseRange({ from: TODAY }, 'day', NOW)).toEqual({ resolution: 'day', from: TODAY, to: TODAY + DAY });
});

test('what is grouped by minute or hour is read by the minute, to the minute', () => {
  const asked = { from: TODAY, to: TODAY + DAY };
  expect(chooseRange(asked, 'hour', NOW)).toEqual({ resolution: 'minute', ...asked });
  const odd = { from: TODAY + 1, to: TODAY + MINUTE + 1 };
  expect(chooseRange(odd, 'minute', NOW)).toEqual({ resolution: 'minute', from: TODAY, to: TODAY + 2 * MINUTE });
});

test('more than 48 hours are read by the day, to which the ends are widened', () => {
  const long = { from: TODAY - 3 * DAY + 5, to: TODAY + HOUR };
  expect(chooseRange(long, undefined, NOW)).toEqual({ resolution: 'day', from: TODAY - 3 * DAY, to: TODAY + DAY });
  const two = { from: TODAY + HOUR - 2 * DAY, to: TODAY + HOUR };
  expect(chooseRange(two, undefined, NOW).resolution).toBe('minute');
  expect(chooseRange({ ...two, to: two.to + 1 }, undefined, NOW).resolution).toBe('day');
});

test.each(['minute', 'hour'] as const)('more than 48 hours by the %s are refused', (time) => {
  const range = { from: TODAY - 2 * DAY, to: TODAY };
  expect(chooseRange(range, time, NOW).resolution).toBe('minute');
  expect(() => chooseRange({ ...range, to: TODAY + 1 }, time, NOW)).toThrow(/^\/group_by: .*48 hours/);
});

test('a time to come has no statistics yet', () => {
  expect(() => chooseRange({ from: NOW }, undefined, NOW)).toThrow(/^\/from: /);
});
