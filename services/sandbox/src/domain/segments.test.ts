import { expect, it } from 'vitest';
import { countSegments } from './segments.ts';

it.each([
  ['a', 160, 1],
  ['a', 161, 2],
  ['a', 306, 2],
  ['a', 307, 3],
  ['€', 80, 1],
  ['€', 81, 2],
  ['日', 70, 1],
  ['日', 71, 2],
  ['日', 135, 3],
])('counts %s × %i as %i SMS', (character, times, segments) => {
  expect(countSegments(character.repeat(times))).toBe(segments);
});
