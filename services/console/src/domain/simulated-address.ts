import { ADDRESS_OF_CHANNEL, type Channel, USUAL_CHANNEL } from '@watchword/contracts';
import { ADDRESS_FORM, addressKindOf, readAddress } from '@watchword/verifications/addresses';
import { readPhoneNumber } from '@watchword/verifications/phone-number';
import { refuseField } from './refusals.ts';

/** Where a message would go, as routes look at it. */
export interface SimulatedAddress {
  readonly channel: Channel;
  /** Empty for an address that is no phone number. */
  readonly e164: string;
  readonly country: string | undefined;
}

/** @param channel the usual one of the address without it. Throws `invalid_destination` when it takes no such address. */
export function readSimulatedAddress(
  to: string,
  channel: Channel = USUAL_CHANNEL[addressKindOf(to)],
): SimulatedAddress {
  const kind = ADDRESS_OF_CHANNEL[channel];
  if (readAddress(kind, to) === undefined) {
    throw refuseField('invalid_destination', '/to', `${ADDRESS_FORM[kind]}, for channel ${channel}`);
  }
  const number = kind === 'phone' ? readPhoneNumber(to) : undefined;
  return { channel, e164: number?.e164 ?? '', country: number?.country };
}
