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

test('1,000 codes are looked for in 20 MB within seconds', () => {
  const secrets = Array.from({ length: 1_000 }, (_, index) => `CODE${String(index).padStart(6, '0')}`);
  const log = Buffer.alloc(20_000_000, 'a line of a log that holds nothing\n');
  log.write('CODE000999', log.length - 10);
  const startedAt = performance.now();
  expect(findLeaks(secrets, [['log', log]])).toEqual([{ where: 'log', form: 'raw' }]);
  expect(performance.now() - startedAt).toBeLessThan(10_000);
});
