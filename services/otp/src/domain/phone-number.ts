import { AppError } from '@watchword/platform';
import { PHONE_NUMBER_FORM, type PhoneNumber, readPhoneNumber } from '@watchword/verifications/phone-number';

export { callingCodeOf, type PhoneNumber } from '@watchword/verifications/phone-number';

/** Takes E.164 only: a number without its country is a guess. Throws `invalid_destination`. */
export function parsePhoneNumber(text: string): PhoneNumber {
  const number = readPhoneNumber(text);
  if (number === undefined) {
    const errors = [{ pointer: '/to', detail: PHONE_NUMBER_FORM }];
    throw new AppError('invalid_destination', { detail: `/to: ${PHONE_NUMBER_FORM}`, errors });
  }
  return number;
}
