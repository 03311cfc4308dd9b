/** `verification` is another name for `registration`. */
const WORDS: ReadonlyMap<string, string> = new Map([
  ['login', 'login'],
  ['registration', 'registration'],
  ['verification', 'registration'],
  ['password_reset', 'password reset'],
  ['transaction', 'transaction'],
]);

/** A project's own purpose has no words but its name. */
export const namePurpose = (purpose: string): string => WORDS.get(purpose) ?? purpose.replace(/[_-]+/g, ' ');
