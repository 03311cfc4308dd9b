import { expect, test } from 'vitest';
import { findLeaks } from './leak-search.ts';

const secret = 'K7QWERTY29';
const search = (text: string) => findLeaks([secret], [['log', Buffer.from(text)]]).map(({ form }) => form);

test('a planted code is found raw, in hex and in base64 at any alignment', () => {
  expect(search(`code=${secret}!`)).toContain('raw');
  expect(search(Buffer.from(`xx${secret}`).toString('hex'))).toEqual(['hex']);
  expect(search(Buffer.from(secret).toString('hex').toUpperCase())).toEqual(['hex']);
  for (const before of ['', 'a', 'ab', 'abc', '{"code":"']) {
    expect(search(Buffer.from(`${before}${secret}"}`).toString('base64'))).toEqual(['base64']);
  }
});

test('another text is no leak', () => {
  expect(search('K7QWERTY28 nothing here')).toEqual([]);
});
