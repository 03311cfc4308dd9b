import { expect, test } from 'vitest';
import { countSegments } from './segments.ts';

test.each([
  ['one of GSM-7', 'a'.repeat(160), 'gsm7', 1],
  ['two, whose headers take room', 'a'.repeat(161), 'gsm7', 2],
  ['two to the brim', 'a'.repeat(306), 'gsm7', 2],
  ['three', 'a'.repeat(307), 'gsm7', 3],
  ['escaped characters, which take two places', '€'.repeat(80), 'gsm7', 1],
  ['an escaped character that does not fit into a segment', `${'a'.repeat(152)}€${'a'.repeat(152)}`, 'gsm7', 3],
  ['one of UCS-2', 'я'.repeat(70), 'ucs2', 1],
  ['two of UCS-2', 'я'.repeat(71), 'ucs2', 2],
  ['a pair that does not fit into a segment', `${'я'.repeat(66)}👍${'я'.repeat(66)}`, 'ucs2', 3],
])('counts %s', (_, text, encoding, segments) => {
  expect(countSegments(text)).toEqual({ encoding, segments });
});
