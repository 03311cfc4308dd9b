import { randomInt } from 'node:crypto';

/** `alphanumeric` leaves out what a reader confuses: 0 and O, 1, I and L. */
export const CODE_ALPHABETS = {
  digits: '0123456789',
  alphanumeric: '23456789ABCDEFGHJKMNPQRSTUVWXYZ',
} as const;
export type CodeAlphabet = keyof typeof CODE_ALPHABETS;

/** A code from the CSPRNG; `randomInt` rejects what would bias the modulus. */
export function generateCode(alphabet: CodeAlphabet, length: number): string {
  const characters = CODE_ALPHABETS[alphabet];
  let code = '';
  for (let place = 0; place < length; place += 1) code += characters[randomInt(characters.length)];
  return code;
}

/** Codes have no lower-case letters, so what the user typed is judged in upper case. */
export const normalizeCode = (typed: string) => typed.toUpperCase();
