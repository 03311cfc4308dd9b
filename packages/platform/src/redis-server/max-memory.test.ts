import { expect, it } from 'vitest';
import { maxMemoryOf } from './max-memory.ts';

const MB = 1024 * 1024;

it.each([
  ['a quarter of the machine', 8_192 * MB, 0, 2_048 * MB],
  ['a quarter of what a container may use', 8_192 * MB, 2_048 * MB, 512 * MB],
  ['and of the machine when the limit is above it', 8_192 * MB, Number.MAX_SAFE_INTEGER, 2_048 * MB],
  ['but at least 256 MB', 512 * MB, 0, 256 * MB],
])('a private Redis may use %s', (_, total, limit, expected) => {
  expect(maxMemoryOf({ total, limit })).toBe(expected);
});
