import { domainToASCII } from 'node:url';
import { ADDRESS_KINDS, ADDRESS_OF_CHANNEL, type AddressKind, type Channel } from '@watchword/contracts';
import { maskPhoneNumber, PHONE_NUMBER_FORM, readPhoneNumber } from './phone-number.ts';

/** Where the codes of one verification can go, each as `readAddress` gives it. At least one. */
export type Addresses = { readonly [Kind in AddressKind]?: string };

/** RFC 5321, 4.5.3.1. */
const LOCAL_PART_CHARACTERS_MAX = 64;
const EMAIL_CHARACTERS_MAX = 254;
/** RFC 5322, 3.2.3: a dot-atom. Quoted ones exist on paper; letters beyond ASCII (RFC 6531) need every relay's consent. */
const LOCAL_PART = /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const DOMAIN = /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/;
const ASCII = /^[\x21-\x7e]+$/;
/**
 * No service's token is shorter; so a slip of the pen is no token. Nor does one begin like a phone number, or like the `{` of
 * several addresses, or have an `@`: alone it would be taken for something else.
 */
const DEVICE_TOKEN = /^(?!\+)[\w.:=+/~-]{16,512}$/;

/** What an address must look like, for whoever sent another. */
export const ADDRESS_FORM: Readonly<Record<AddressKind, string>> = {
  phone: PHONE_NUMBER_FORM,
  email: 'must be an e-mail address, e.g. name@example.com',
  device_token: 'must be the token that a push service gave the device, 16 to 512 characters without spaces',
};

/** Which kind of address a text is, told by its shape alone: what has an `@` is an e-mail address, else `+…` a phone number. */
export function addressKindOf(text: string): AddressKind {
  if (text.includes('@')) return 'email';
  return text.startsWith('+') ? 'phone' : 'device_token';
}

/**
 * An address in the one form by which it is sent to, paced, found and erased: E.164; an e-mail address in lower case with its
 * domain in ASCII; a device token as it is. Undefined for anything else.
 */
export const readAddress = (kind: AddressKind, text: string): string | undefined => READERS[kind](text);

const READERS: Readonly<Record<AddressKind, (text: string) => string | undefined>> = {
  phone: (text) => readPhoneNumber(text)?.e164,
  email: readEmail,
  device_token: (text) => (DEVICE_TOKEN.test(text) ? text : undefined),
};

/** The part before the `@` in lower case, too: no host that matters tells `Ann@` from `ann@`, and who types both is one user. */
function readEmail(text: string): string | undefined {
  const [localPart = '', domain = '', ...rest] = text.trim().toLowerCase().split('@');
  const host = ASCII.test(domain) ? domain : domainToASCII(domain);
  const isWhole = rest.length === 0 && localPart.length <= LOCAL_PART_CHARACTERS_MAX;
  if (!isWhole || !LOCAL_PART.test(localPart) || !DOMAIN.test(host)) return undefined;
  const address = `${localPart}@${host}`;
  return address.length <= EMAIL_CHARACTERS_MAX ? address : undefined;
}

/** The kinds that are given, in the order in which they stand for a verification. */
export const kindsOf = (addresses: Addresses): readonly AddressKind[] =>
  ADDRESS_KINDS.filter((kind) => addresses[kind] !== undefined);

/** The one that a verification is paced, counted and found by. Throws without any. */
export function primaryOf(addresses: Addresses): string {
  const [kind] = kindsOf(addresses);
  const primary = kind && addresses[kind];
  if (primary === undefined) throw new Error('A verification has at least one address');
  return primary;
}

/** Where a channel's codes go; undefined when none of the addresses is of its kind. */
export const addressOf = (addresses: Addresses, channel: Channel): string | undefined =>
  addresses[ADDRESS_OF_CHANNEL[channel]];

/** As they are sealed: one alone as it is, which is how it always was, several as JSON. */
export function packAddresses(addresses: Addresses): string {
  const kinds = kindsOf(addresses);
  if (kinds.length === 1) return primaryOf(addresses);
  return JSON.stringify(Object.fromEntries(kinds.map((kind) => [kind, addresses[kind]])));
}

/** What `packAddresses` made: no address alone begins with `{"`. */
export function unpackAddresses(text: string): Addresses {
  return text.startsWith('{"') ? (JSON.parse(text) as Addresses) : { [addressKindOf(text)]: text };
}

const HIDDEN = '***';
const TOKEN_END = 4;
const TOKEN_CHARACTERS_MIN = 20;

/**
 * Enough of an address for its owner to know it: of a phone number the country code and the last two digits, of an e-mail
 * address the first character and the domain, of a device token its end. Undefined is one that cannot be unsealed any more,
 * or never was: then the channel says what it would be.
 */
export function maskAddress(address: string | undefined, channel: Channel = 'sms'): string {
  const kind = address === undefined ? ADDRESS_OF_CHANNEL[channel] : addressKindOf(address);
  if (kind === 'phone') return maskPhoneNumber(address);
  if (address === undefined) return HIDDEN;
  if (kind === 'device_token') return HIDDEN + (address.length < TOKEN_CHARACTERS_MIN ? '' : address.slice(-TOKEN_END));
  const at = address.lastIndexOf('@');
  // One or two characters would be all of it.
  return `${at > 2 ? address.slice(0, 1) : ''}${HIDDEN}${address.slice(at)}`;
}
