const DIGITS = /(?<![\p{L}\p{N}_])\d{6,10}(?![\p{L}\p{N}_])/u;
const UPPER_CASE_WORD = /(?<![\p{L}\p{N}_])[A-Z0-9]{6,10}(?![\p{L}\p{N}_])/u;
/** Characters that are spoken apart: `1 2 3`, `1, 2, 3`, `K. 7. Q.` */
const SPOKEN = /(?<![\p{L}\p{N}_])[A-Z0-9](?:[\s,.;…-]+[A-Z0-9]){5,9}(?![\p{L}\p{N}_])/u;

/** The code in a message: its first stand-alone run of 6–10 digits, else its first upper-case word of 6–10 letters and digits. */
export function findCode(text: string): string | null {
  return DIGITS.exec(text)?.[0] ?? UPPER_CASE_WORD.exec(text)?.[0] ?? null;
}

/** The code in what a caller hears, whose characters may be spoken one by one. */
export function findSpokenCode(text: string): string | null {
  return SPOKEN.exec(text)?.[0].replace(/[^A-Z0-9]/g, '') ?? findCode(text);
}
