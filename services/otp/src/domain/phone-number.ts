import { AppError } from '@watchword/platform';
import { getCountries, getCountryCallingCode, parsePhoneNumberFromString } from 'libphonenumber-js/min';

/** Prefix-free (ITU-T E.164): a number's first digits tell its code without parsing, which takes some 25 µs. */
const CALLING_CODES = new Set<string>(getCountries().map((country) => getCountryCallingCode(country)));

export interface PhoneNumber {
  /** With `+`, digits only. */
  readonly e164: string;
  /** ISO 3166-1 alpha-2, or the calling code (`+1`) where several countries share it and the number does not tell. */
  readonly country: string;
}

/** Takes E.164 only: a number without its country is a guess. Throws `invalid_destination`. */
export function parsePhoneNumber(text: string): PhoneNumber {
  const number = /^\+[1-9]\d{6,14}$/.test(text) ? parsePhoneNumberFromString(text) : undefined;
  if (!number?.isPossible()) {
    const detail = 'must be a phone number in E.164 form: +, country code, number, e.g. +14155550123';
    throw new AppError('invalid_destination', { detail: `/to: ${detail}`, errors: [{ pointer: '/to', detail }] });
  }
  return { e164: number.number, country: number.country ?? `+${number.countryCallingCode}` };
}

/** Country code and the last two digits; enough for its owner to know it. Undefined is one that cannot be unsealed any more. */
export function maskPhoneNumber(e164: string | undefined): string {
  if (e164 === undefined) return '+***';
  const callingCode =
    [1, 2, 3].map((length) => e164.slice(1, 1 + length)).find((code) => CALLING_CODES.has(code)) ?? '';
  const hidden = e164.length - 1 - callingCode.length - 2;
  return `+${callingCode}${'*'.repeat(Math.max(0, hidden))}${e164.slice(-2)}`;
}
