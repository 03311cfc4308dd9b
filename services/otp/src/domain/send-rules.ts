import { ADDRESS_OF_CHANNEL, type Channel, type ErrorCode, type Mode, type SendingConfig } from '@watchword/contracts';
import { callingCodeOf, type PhoneNumber } from '@watchword/verifications/phone-number';
import type { DestinationList } from './destination-list.ts';
import type { Destinations } from './destinations.ts';

/** What a project has decided about where codes go. */
export interface SendRules {
  /** `unreadable`: there are lists, and their key is not in the ring. */
  readonly lists: { readonly allowed: DestinationList; readonly blocked: DestinationList } | 'none' | 'unreadable';
  /** Of calls and texts that cost by the number's country; null = everywhere. */
  readonly smsCountries: ReadonlySet<string> | null;
  readonly pause: {
    readonly all: boolean;
    readonly countries: ReadonlySet<string>;
    /** Of those countries, and those that are named themselves. */
    readonly callingCodes: ReadonlySet<string>;
  };
}

export interface SendRefusal {
  readonly code: Extract<ErrorCode, 'destination_blocked' | 'country_not_allowed' | 'sending_paused' | 'unavailable'>;
  readonly detail: string;
}

/** One code, and every way that it may take. */
export interface PlannedSend {
  readonly mode: Mode;
  readonly channels: readonly Channel[];
  /** Undefined when their seal key comes with a restart. */
  readonly destinations: Destinations | undefined;
}

/** A project without rules of its own. */
export const NO_RULES: SendRules = toSendRules({ pause: { all: false, countries: [] }, smsCountries: null }, 'none');

export function toSendRules(
  { pause, smsCountries }: Pick<SendingConfig, 'pause' | 'smsCountries'>,
  lists: SendRules['lists'],
): SendRules {
  const callingCodes = pause.countries.flatMap((country) => callingCodeOf(country) ?? country);
  return {
    lists,
    smsCountries: smsCountries && new Set(smsCountries),
    pause: { all: pause.all, countries: new Set(pause.countries), callingCodes: new Set(callingCodes) },
  };
}

/**
 * Whether a code may go out, in this order, so that what repeating cannot mend is said before what it can:
 * 1. the lists, which judge each address, even one that only a later resend would use: one that is allowed is exempt from the
 *    blocked ones and from the countries, not from a pause;
 * 2. the countries, of live texts and calls only;
 * 3. the pause: of everything, or of a country, for channels that go to a phone.
 * What asks for addresses that cannot be read cannot be judged, and fails closed.
 */
export function refuseSend(rules: SendRules, send: PlannedSend): SendRefusal | null {
  if (rules.lists === 'unreadable') {
    return { code: 'unavailable', detail: 'The project’s lists are sealed under a key that is not in SEAL_KEY.' };
  }
  const { destinations } = send;
  if (destinations === undefined) return refuseUnknown(rules, send);
  return refuseListed(rules, destinations) ?? refuseCountry(rules, send) ?? refusePaused(rules.pause, send);
}

const goesToPhone = ({ channels }: PlannedSend) => channels.some((one) => ADDRESS_OF_CHANNEL[one] === 'phone');
/** Those that somebody at the other end can earn by. */
const needsCountry = ({ mode, channels }: PlannedSend) =>
  mode === 'live' && channels.some((one) => one === 'sms' || one === 'voice');

function refuseUnknown({ lists, smsCountries, pause }: SendRules, send: PlannedSend): SendRefusal | null {
  if (pause.all) return paused('Sending');
  const asksCountry = (smsCountries !== null && needsCountry(send)) || (pause.countries.size > 0 && goesToPhone(send));
  return lists !== 'none' || asksCountry
    ? { code: 'unavailable', detail: 'The destination is of a newer seal key: restart this process.' }
    : null;
}

function refuseListed({ lists }: SendRules, { addresses }: Destinations): SendRefusal | null {
  if (typeof lists !== 'object') return null;
  const isBlocked = (address: string) => lists.blocked.has(address) && !lists.allowed.has(address);
  if (!Object.values(addresses).some(isBlocked)) return null;
  return { code: 'destination_blocked', detail: 'The destination is on a list of blocked ones.' };
}

function refuseCountry({ lists, smsCountries }: SendRules, send: PlannedSend): SendRefusal | null {
  const phone = send.destinations?.phone;
  if (phone === undefined || smsCountries === null || smsCountries.has(phone.country) || !needsCountry(send))
    return null;
  if (typeof lists === 'object' && lists.allowed.has(phone.e164)) return null;
  return {
    code: 'country_not_allowed',
    detail: `${phone.country} is not among the countries that an SMS or a call may go to.`,
  };
}

function refusePaused(pause: SendRules['pause'], send: PlannedSend): SendRefusal | null {
  if (pause.all) return paused('Sending');
  const phone = send.destinations?.phone;
  return phone !== undefined && goesToPhone(send) && isPaused(pause, phone)
    ? paused(`Sending to ${phone.country}`)
    : null;
}

/** In doubt which of several countries a number is of, it is of the paused one; and a paused calling code pauses them all. */
function isPaused({ countries, callingCodes }: SendRules['pause'], { country, callingCode }: PhoneNumber): boolean {
  const isInDoubt = country === callingCode;
  return countries.has(country) || countries.has(callingCode) || (isInDoubt && callingCodes.has(callingCode));
}

const paused = (what: string): SendRefusal => ({
  code: 'sending_paused',
  detail: `${what} is paused. Codes that were sent can still be checked.`,
});
