import { type KeysFile, makeKeys } from '@watchword/platform';
import { expect, test } from 'vitest';
import { addKey, promoteKey, RETIRE_AFTER_MS, retireKey, ringOf } from './rotation.ts';

const at = (ms: number) => new Date(1_800_000_000_000 + ms);
const idsOf = (keys: KeysFile) => ringOf(keys, 'pepper').keys.map(({ id }) => id);
const rotated = () => promoteKey(addKey(makeKeys(), 'pepper', at(0)), 'pepper', at(1));

test('a key that was added makes nothing until it is promoted, and the old one stays', () => {
  const first = makeKeys();
  const added = addKey(first, 'pepper', at(0));
  expect(idsOf(added)).toEqual([1, 2]);
  expect(ringOf(added, 'pepper').current.key.reveal().toString('base64url')).toBe(first.pepper);
  const promoted = promoteKey(added, 'pepper', at(1));
  expect(idsOf(promoted)).toEqual([2, 1]);
  expect(ringOf(promoted, 'pepper').keys[1]?.key.reveal().toString('base64url')).toBe(first.pepper);
  expect({ ...promoted, pepper: '', changes: [] }).toEqual({ ...first, pepper: '', changes: [] });
});

test('with nothing new there is nothing to promote', () => {
  expect(() => promoteKey(makeKeys(), 'pepper', at(0))).toThrow(/add one first/);
  expect(() => promoteKey(rotated(), 'pepper', at(2))).toThrow(/add one first/);
});

test('the current key is never retired, and the one before it not while its codes may be open', () => {
  expect(() => retireKey(rotated(), 'pepper', 2, at(9e9), true)).toThrow(/current/);
  expect(() => retireKey(rotated(), 'pepper', 1, at(RETIRE_AFTER_MS), false)).toThrow(
    /wait until .*Z, or give --force/,
  );
  expect(idsOf(retireKey(rotated(), 'pepper', 1, at(RETIRE_AFTER_MS), true))).toEqual([2]);
  expect(idsOf(retireKey(rotated(), 'pepper', 1, at(RETIRE_AFTER_MS + 1), false))).toEqual([2]);
  expect(() => retireKey(rotated(), 'pepper', 7, at(0), true)).toThrow(/no key 7/);
});

test('a key that was never current may be retired at once, and its id is not used again', () => {
  const without = retireKey(addKey(makeKeys(), 'pepper', at(0)), 'pepper', 2, at(1), false);
  expect(idsOf(addKey(without, 'pepper', at(2)))).toEqual([1, 3]);
});
