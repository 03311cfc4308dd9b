import { gsm7Widths } from './gsm7.ts';

export interface Segments {
  readonly encoding: 'gsm7' | 'ucs2';
  /** Messages that a carrier sends, and bills. */
  readonly segments: number;
}

/** Longer ones are refused or cut by carriers on the way; Twilio takes 1,600 characters, Vonage ten parts of plain text. */
export const SEGMENTS_MAX = 10;

/** What one message holds, and what each of several does, whose header takes room (3GPP TS 23.040 section 9.2.3.24.1). */
const SIZES = { gsm7: { one: 160, ofSeveral: 153 }, ucs2: { one: 70, ofSeveral: 67 } } as const;

/** An escaped character of GSM-7, or a surrogate pair, is never split; so a full segment may be one short. */
export function countSegments(text: string): Segments {
  const widths = gsm7Widths(text);
  return widths === undefined
    ? count(
        'ucs2',
        Array.from(text, ({ length: units }) => units),
      )
    : count('gsm7', widths);
}

function count(encoding: Segments['encoding'], widths: readonly number[]): Segments {
  const { one, ofSeveral } = SIZES[encoding];
  if (widths.reduce((sum, width) => sum + width, 0) <= one) return { encoding, segments: 1 };
  let segments = 1;
  let used = 0;
  for (const width of widths) {
    if (used + width > ofSeveral) {
      segments += 1;
      used = 0;
    }
    used += width;
  }
  return { encoding, segments };
}
