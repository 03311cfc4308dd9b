import { ADDRESS_KINDS, type AddressKind, type OpenVerification } from '@watchword/contracts';
import { AppError } from '@watchword/platform';
import type { Addresses } from '@watchword/verifications';
import { ADDRESS_FORM, addressKindOf, primaryOf, readAddress } from '@watchword/verifications/addresses';
import { type PhoneNumber, readPhoneNumber } from '@watchword/verifications/phone-number';

type To = OpenVerification['to'];

/** Where codes of a verification may go, each in its one spelling. */
export interface Destinations {
  readonly addresses: Addresses;
  /** The phone among them, with its country. */
  readonly phone: PhoneNumber | undefined;
}

/** Reads `to`. Throws `invalid_destination`, which names each field that is none. */
export function readDestinations(to: To): Destinations {
  const errors: FieldError[] = [];
  const addresses: Partial<Record<AddressKind, string>> = {};
  let phone: PhoneNumber | undefined;
  for (const { kind, text, pointer, form = ADDRESS_FORM[kind] } of fieldsOf(to)) {
    // Reading a number twice would cost 25 µs.
    if (kind === 'phone') phone = readPhoneNumber(text);
    const address = kind === 'phone' ? phone?.e164 : readAddress(kind, text);
    if (address === undefined) errors.push({ pointer, detail: form });
    else addresses[kind] = address;
  }
  if (errors.length > 0) throw invalidDestination(errors);
  return { addresses, phone };
}

/** One address, whatever its kind. */
export const readDestination = (to: string): string => primaryOf(readDestinations(to).addresses);

/** Of addresses that were read before. */
export const toDestinations = (addresses: Addresses): Destinations => ({
  addresses,
  phone: addresses.phone === undefined ? undefined : readPhoneNumber(addresses.phone),
});

export interface FieldError {
  readonly pointer: string;
  readonly detail: string;
}

export function invalidDestination(errors: readonly FieldError[]): AppError {
  const detail = errors.map((error) => `${error.pointer}: ${error.detail}`).join('; ');
  return new AppError('invalid_destination', { detail, errors });
}

interface Field {
  readonly kind: AddressKind;
  readonly text: string;
  readonly pointer: string;
  /** What it must look like, if not its kind's. */
  readonly form?: string;
}

/** A number as people write it, but for its `+` and country code. */
const LOCAL_NUMBER = /^[\d\s()./-]{1,32}$/;
/** A token has no shape of its own, so that whoever meant something else is told of everything. */
const ANY_FORM = 'must be a phone number (E.164, e.g. +14155550123), an e-mail address or a device token';

function fieldsOf(to: To): Field[] {
  if (typeof to !== 'string') {
    return ADDRESS_KINDS.flatMap((kind) => {
      const text = to[kind];
      return text === undefined ? [] : [{ kind, text, pointer: `/to/${kind}` }];
    });
  }
  const kind = LOCAL_NUMBER.test(to) ? 'phone' : addressKindOf(to);
  return [{ kind, text: to, pointer: '/to', ...(kind === 'device_token' ? { form: ANY_FORM } : {}) }];
}
