import { expect, test } from 'vitest';
import { CODE_ALPHABETS, type CodeAlphabet, generateCode } from './codes.ts';

/** Pearson's statistic over all characters of many codes. */
function chiSquare(alphabet: CodeAlphabet, codes: number, length: number): number {
  const counts = new Map(Array.from(CODE_ALPHABETS[alphabet]).map((character) => [character, 0]));
  for (let count = 0; count < codes; count += 1) {
    for (const character of generateCode(alphabet, length)) {
      counts.set(character, (counts.get(character) ?? Number.NaN) + 1);
    }
  }
  const expected = (codes * length) / counts.size;
  return [...counts.values()].reduce((sum, observed) => sum + (observed - expected) ** 2 / expected, 0);
}

// Critical values for p = 1e-6: a fair generator fails once in a million runs; one with modulo bias (256 mod 10) is at about 1,000.
// It takes seconds, and more on a machine that is busy.
test('digits of 10^6 codes are uniform (chi-square, 9 degrees of freedom)', { timeout: 30_000 }, () => {
  expect(chiSquare('digits', 1_000_000, 6)).toBeLessThan(44.8);
});

test('characters of 10^5 alphanumeric codes are uniform (chi-square, 30 degrees of freedom)', () => {
  expect(chiSquare('alphanumeric', 100_000, 10)).toBeLessThan(83);
});

test('alphanumeric codes hold no look-alikes', () => {
  expect(CODE_ALPHABETS.alphanumeric).not.toMatch(/[01OIL]/);
  expect(new Set(CODE_ALPHABETS.alphanumeric).size).toBe(CODE_ALPHABETS.alphanumeric.length);
});
