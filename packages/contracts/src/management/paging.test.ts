import { expect, test } from 'vitest';
import { pageQuerySchema } from './paging.ts';

test.each<[unknown, number]>([
  [undefined, 50],
  ['1', 1],
  ['200', 200],
  ['07', 7],
])('a page of limit %j has %d entries', (limit, entries) => {
  expect(pageQuerySchema.parse({ limit })).toMatchObject({ limit: entries });
});

test.each([[['1', '2']], ['0x10'], ['1e1'], [' 5'], ['+5'], [''], ['0'], ['201'], ['٥']])(
  'a limit of %j is refused in one sentence',
  (limit) => {
    const issues = pageQuerySchema.safeParse({ limit }).error?.issues ?? [];
    expect(issues.map(({ message }) => message)).toEqual(['must be one whole number from 1 to 200']);
  },
);
