export interface CodeMessage {
  readonly purpose: string;
  readonly code: string;
  /** The code's whole life. */
  readonly ttlMs: number;
}

/** A project's own purpose has no words of its own. */
const PURPOSE_WORDS: ReadonlyMap<string, string> = new Map([
  ['login', 'login '],
  ['registration', 'registration '],
  ['verification', 'registration '],
  ['password_reset', 'password reset '],
  ['transaction', 'transaction '],
]);

/** The shipped SMS text: one GSM-7 message (at most 160 characters) for any code of up to 12 characters. */
export function renderCodeMessage({ purpose, code, ttlMs }: CodeMessage): string {
  return `Your ${PURPOSE_WORDS.get(purpose) ?? ''}OTP is ${code}. Do not share it with anyone. Valid for ${describeTtl(ttlMs)}.`;
}

/** Rounded down: a text must not promise more life than the code has. */
function describeTtl(ttlMs: number): string {
  const seconds = Math.max(1, Math.floor(ttlMs / 1000));
  return seconds % 60 === 0 ? count(seconds / 60, 'minute') : count(seconds, 'second');
}

function count(amount: number, unit: string): string {
  return `${amount} ${unit}${amount === 1 ? '' : 's'}`;
}
