import { expect, test } from 'vitest';
import { readEntry } from './stream-event.ts';

const ID = 'abcdefghjkmnpqrstvwxyz0123';
const OPENED = '{"project":"p","mode":"live","purpose":"login","country":"US","checks_max":3,"code_ttl_ms":1000}';
const FIELDS = { v: ID, q: '1', t: 'verification.opened', a: '17', d: OPENED, s: 'sealed', k: '' };

const read = (changes: Record<string, string | undefined>) =>
  readEntry({
    position: '17-0',
    fields: Object.fromEntries(
      Object.entries({ ...FIELDS, ...changes }).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, Buffer.from(value)]],
      ),
    ),
  });

test('an entry is read with its sealed parts as bytes', () => {
  expect(read({})).toMatchObject({
    position: '17-0',
    event: { verification: ID, seq: 1, type: 'verification.opened', at: 17 },
    sealed: { destination: Buffer.from('sealed'), context: null },
  });
  expect(read({ k: 'context' })).toMatchObject({ sealed: { context: Buffer.from('context') } });
});

test('data that is not known yet is kept for the timeline', () => {
  expect(read({ d: OPENED.replace('{', '{"new":true,') })).toMatchObject({ data: { new: true, project: 'p' } });
});

test.each([
  ['an unknown type', { t: 'verification.vanished' }],
  ['no id', { v: undefined }],
  ['an id of another shape', { v: 'x' }],
  ['no number', { q: 'first' }],
  ['data that is no JSON', { d: '{' }],
  ['nested data', { d: '{"project":{}}' }],
  ['data without what its type needs', { d: '{"project":"p"}' }],
  ['no destination', { s: undefined }],
])('%s is said, and never thrown', (_, changes) => {
  expect(read(changes)).toEqual({ unreadable: expect.any(String) });
});
