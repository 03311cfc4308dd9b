import { randomBytes } from 'node:crypto';
import { Secret, singleKeyRing } from '@watchword/platform';
import { expect, test } from 'vitest';
import { createSearchCursors } from './search-cursor.ts';

const newRing = () => singleKeyRing(new Secret(randomBytes(32)));
const PLACE = { value: 1_700_000_000_000, id: '0123456789abcdefghjkmnpqrs' };
const TERMS = ['p-1', 'blocked', undefined, '+15550001234', undefined, 5];
const refused = expect.objectContaining({
  code: 'invalid_request',
  options: expect.objectContaining({ errors: [expect.objectContaining({ pointer: '/cursor' })] }),
});

test('a cursor goes on where its own search left off', () => {
  const cursors = createSearchCursors(newRing());
  expect(cursors.decode(cursors.encode(PLACE, TERMS), TERMS)).toEqual(PLACE);
  const edge = { ...PLACE, id: '' };
  expect(cursors.decode(cursors.encode(edge, TERMS), TERMS)).toEqual(edge);
});

test('a cursor of other terms, of another project or of another place is refused', () => {
  const cursors = createSearchCursors(newRing());
  const cursor = cursors.encode(PLACE, TERMS);
  for (const terms of [TERMS.with(1, 'approved'), TERMS.with(0, 'p-2'), TERMS.with(5, undefined), [...TERMS, 'more']]) {
    expect(() => cursors.decode(cursor, terms)).toThrow(refused);
  }
  const [, id, mac] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as string[];
  const moved = Buffer.from(JSON.stringify([1, id, mac])).toString('base64url');
  expect(() => cursors.decode(moved, TERMS)).toThrow(refused);
  // A term that moves to the next place is another search.
  expect(() => cursors.decode(cursors.encode(PLACE, ['a', undefined]), [undefined, 'a'])).toThrow(refused);
});

test.each(['', 'x', 'W10', Buffer.from('[1,2,3]').toString('base64url'), Buffer.from('null').toString('base64url')])(
  '%j is no cursor',
  (text) => {
    expect(() => createSearchCursors(newRing()).decode(text, TERMS)).toThrow(refused);
  },
);

test('a cursor outlives a new index key, but not the end of its own', () => {
  const older = newRing();
  const cursor = createSearchCursors(older).encode(PLACE, TERMS);
  const newer = { id: 2, key: new Secret(randomBytes(32)) };
  const both = createSearchCursors({ current: newer, keys: [newer, ...older.keys] });
  expect(both.decode(cursor, TERMS)).toEqual(PLACE);
  expect(() => createSearchCursors({ current: newer, keys: [newer] }).decode(cursor, TERMS)).toThrow(refused);
});
