import { expect, test } from 'vitest';
import { comparePositions } from './positions.ts';

test('positions stand in the order of their numbers, not of their texts', () => {
  const inOrder = [
    '0-0',
    '0-1',
    '9-10',
    '10-2',
    '10-10',
    '1700000000000-9',
    '1700000000000-10',
    '1700000000001-0',
    '1700000000001-18446744073709551614',
    '1700000000001-18446744073709551615',
    '10000000000000-0',
  ];
  expect(inOrder.toReversed().toSorted(comparePositions)).toEqual(inOrder);
  for (const position of inOrder) expect(comparePositions(position, position)).toBe(0);
});
