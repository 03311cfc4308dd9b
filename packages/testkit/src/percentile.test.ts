import { expect, it } from 'vitest';
import { percentile } from './percentile.ts';

const upTo = (count: number) => Array.from({ length: count }, (_, index) => count - index);

it.each([
  [upTo(20), 0.95, 19],
  [upTo(100), 0.99, 99],
  [upTo(21), 0.95, 20],
  [upTo(3), 0.5, 2],
  [upTo(7), 1, 7],
  [upTo(7), 0, 1],
  [[], 0.5, Number.NaN],
])('of %j, %d do not exceed %d', (values, share, expected) => {
  expect(percentile(values, share)).toBe(expected);
});
