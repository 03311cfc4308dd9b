import { normalisePhoneNumber } from './phone-number.ts';

const CHARACTERS_MAX = 512;
/** What can only be meant as a phone number: a plus, which arrives as a space in a query string, or nothing but digits. */
const NUMBER_LIKE = /^[+\s]|^[\d\s().+-]*$/;

/**
 * What a user is reached at, written as the inbox finds it: a phone number in E.164, an e-mail address in lower case, else a
 * device token as it is. Undefined when it is none of them.
 */
export function normaliseDestination(written: string): string | undefined {
  if (written.length > CHARACTERS_MAX) return undefined;
  if (written.includes('@')) return normaliseEmail(written);
  const number = normalisePhoneNumber(written);
  if (number !== undefined) return number;
  return NUMBER_LIKE.test(written) ? undefined : written;
}

/** Its local part too: relays may tell cases apart, but no user does. */
export function normaliseEmail(written: string): string {
  return written.trim().replaceAll(' ', '+').toLowerCase();
}
