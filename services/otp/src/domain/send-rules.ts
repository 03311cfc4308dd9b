import type { ErrorCode, Mode, SendingConfig } from '@watchword/contracts';
import type { DestinationList } from './destination-list.ts';
import { callingCodeOf, type PhoneNumber } from './phone-number.ts';

/** What a project has decided about where codes go. */
export interface SendRules {
  /** `unreadable`: there are lists, and their key is not in the ring. */
  readonly lists: { readonly allowed: DestinationList; readonly blocked: DestinationList } | 'none' | 'unreadable';
  /** Null = everywhere. */
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
 * Whether a code may go to a number, in this order, so that what repeating cannot mend is said before what it can:
 * 1. the lists: a number that is allowed is exempt from the blocked ones and from the countries, not from a pause;
 * 2. the countries, of live sends only;
 * 3. the pause.
 * The number is undefined when its seal key comes with a restart; what asks for it cannot be judged then, and fails closed.
 */
export function refuseNumber(rules: SendRules, mode: Mode, number: PhoneNumber | undefined): SendRefusal | null {
  if (rules.lists === 'unreadable') {
    return { code: 'unavailable', detail: 'The project’s lists are sealed under a key that is not in SEAL_KEY.' };
  }
  if (number === undefined) return refuseUnknown(rules, mode);
  return refuseDestination(rules, mode, number) ?? refusePaused(rules.pause, number);
}

function refuseUnknown({ lists, smsCountries, pause }: SendRules, mode: Mode): SendRefusal | null {
  if (pause.all) return paused('Sending');
  const isAsked = lists !== 'none' || (mode === 'live' && smsCountries !== null) || pause.countries.size > 0;
  return isAsked
    ? { code: 'unavailable', detail: 'The destination is of a newer seal key: restart this process.' }
    : null;
}

function refuseDestination(
  { lists, smsCountries }: SendRules,
  mode: Mode,
  { e164, country }: PhoneNumber,
): SendRefusal | null {
  if (typeof lists === 'object') {
    if (lists.allowed.has(e164)) return null;
    if (lists.blocked.has(e164)) {
      return { code: 'destination_blocked', detail: 'The destination is on a list of blocked ones.' };
    }
  }
  if (mode !== 'live' || smsCountries === null || smsCountries.has(country)) return null;
  return { code: 'country_not_allowed', detail: `${country} is not among the countries that an SMS may go to.` };
}

/** In doubt which of several countries a number is of, it is of the paused one; and a paused calling code pauses them all. */
function refusePaused({ all, countries, callingCodes }: SendRules['pause'], number: PhoneNumber): SendRefusal | null {
  if (all) return paused('Sending');
  const { country, callingCode } = number;
  const isInDoubt = country === callingCode;
  const isPaused = countries.has(country) || countries.has(callingCode) || (isInDoubt && callingCodes.has(callingCode));
  return isPaused ? paused(`Sending to ${country}`) : null;
}

const paused = (what: string): SendRefusal => ({
  code: 'sending_paused',
  detail: `${what} is paused. Codes that were sent can still be checked.`,
});
