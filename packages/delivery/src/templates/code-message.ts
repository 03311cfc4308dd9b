import { wordsOfPurpose } from './purpose-words.ts';

export interface CodeMessage {
  readonly purpose: string;
  readonly code: string;
  /** The code's whole life. */
  readonly ttlMs: number;
}

/** The shipped SMS text: one GSM-7 message (at most 160 characters) for any code of up to 12 characters. */
export function renderCodeMessage({ purpose, code, ttlMs }: CodeMessage): string {
  const words = wordsOfPurpose(purpose);
  return `Your ${words === undefined ? '' : `${words} `}OTP is ${code}. Do not share it with anyone. Valid for ${describeTtl(ttlMs)}.`;
}

/** Rounded down: a text must not promise more life than the code has. */
function describeTtl(ttlMs: number): string {
  const seconds = Math.max(1, Math.floor(ttlMs / 1000));
  return seconds % 60 === 0 ? count(seconds / 60, 'minute') : count(seconds, 'second');
}

function count(amount: number, unit: string): string {
  return `${amount} ${unit}${amount === 1 ? '' : 's'}`;
}
