import { PHONE_NUMBER_FORM, type PhoneNumber, readPhoneNumber } from '@watchword/verifications/phone-number';
import { refuseField } from './refusals.ts';

/** Takes E.164 only, as sending does. Throws `invalid_destination`. */
export function parsePhoneNumber(text: string): PhoneNumber {
  const number = readPhoneNumber(text);
  if (number === undefined) throw refuseField('invalid_destination', '/to', PHONE_NUMBER_FORM);
  return number;
}
