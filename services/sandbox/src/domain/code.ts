const DIGITS = /(?<![\p{L}\p{N}_])\d{6,10}(?![\p{L}\p{N}_])/u;
const UPPER_CASE_WORD = /(?<![\p{L}\p{N}_])[A-Z0-9]{6,10}(?![\p{L}\p{N}_])/u;

/** The code in a message: its first stand-alone run of 6–10 digits, else its first upper-case word of 6–10 letters and digits. */
export function findCode(text: string): string | null {
  return DIGITS.exec(text)?.[0] ?? UPPER_CASE_WORD.exec(text)?.[0] ?? null;
}
