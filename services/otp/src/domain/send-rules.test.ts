import { CHANNELS, type Channel } from '@watchword/contracts';
import { expect, test } from 'vitest';
import { createDestinationList } from './destination-list.ts';
import { NO_RULES, refuseSend, type SendRules, toSendRules } from './send-rules.ts';

const german = { e164: '+4915112345678', country: 'DE', callingCode: '+49' };
const jamaican = { e164: '+18765550123', country: 'JM', callingCode: '+1' };
/** Of a country that shares its calling code, and the number does not tell which. */
const unclear = { e164: '+15005550006', country: '+1', callingCode: '+1' };

const listed = (allow: string[], block: string[]) => ({
  allowed: createDestinationList(allow),
  blocked: createDestinationList(block),
});
const to = (phone: typeof german, email?: string) => ({
  addresses: { phone: phone.e164, ...(email === undefined ? {} : { email }) },
  phone,
});
const toEmail = (email: string) => ({ addresses: { email }, phone: undefined });
const codeOf = (
  rules: SendRules,
  number = german,
  mode: 'live' | 'test' = 'live',
  channels: readonly Channel[] = ['sms'],
) => refuseSend(rules, { mode, channels, destinations: to(number) })?.code;
const anywhere = { pause: { all: false, countries: [] }, smsCountries: null };
const paused = (...countries: string[]) =>
  toSendRules({ pause: { all: false, countries }, smsCountries: null }, 'none');

test('what repeating cannot mend is said before what it can', () => {
  const pause = { all: true, countries: [] };
  const all = toSendRules({ pause, smsCountries: [] }, listed([], ['+49*']));
  expect(codeOf(all)).toBe('destination_blocked');
  expect(codeOf(toSendRules({ pause, smsCountries: [] }, listed([], [])))).toBe('country_not_allowed');
  expect(codeOf(toSendRules({ pause, smsCountries: ['DE'] }, 'none'))).toBe('sending_paused');
  expect(codeOf(NO_RULES)).toBeUndefined();
});

test('a number that may be of a paused country is paused, and a paused calling code pauses all of its countries', () => {
  expect(codeOf(paused('US'), unclear)).toBe('sending_paused');
  expect(codeOf(paused('US'), jamaican)).toBeUndefined();
  expect(codeOf(paused('+1'), jamaican)).toBe('sending_paused');
  expect(codeOf(paused('DE'), unclear)).toBeUndefined();
  expect(codeOf(paused('ZZ'), german)).toBeUndefined();
});

test('a number is allowed only where it surely is: one that does not tell needs its calling code', () => {
  const allowed = (...smsCountries: string[]) =>
    toSendRules({ pause: { all: false, countries: [] }, smsCountries }, 'none');
  expect(codeOf(allowed('US'), unclear)).toBe('country_not_allowed');
  expect(codeOf(allowed('+1'), unclear)).toBeUndefined();
  expect(codeOf(allowed('+1'), jamaican)).toBe('country_not_allowed');
  expect(codeOf(allowed(), german, 'test')).toBeUndefined();
});

test('of a destination that cannot be read nothing is judged open that asks for it', () => {
  const unknown = (rules: SendRules, mode: 'live' | 'test' = 'live', channel: Channel = 'sms') =>
    refuseSend(rules, { mode, channels: [channel], destinations: undefined })?.code;
  expect(unknown(NO_RULES)).toBeUndefined();
  expect(unknown(paused('US'))).toBe('unavailable');
  const countries = toSendRules({ pause: { all: false, countries: [] }, smsCountries: ['DE'] }, 'none');
  expect([unknown(countries), unknown(countries, 'test')]).toEqual(['unavailable', undefined]);
  expect([unknown(countries, 'live', 'whatsapp'), unknown(paused('US'), 'live', 'email')]).toEqual([
    undefined,
    undefined,
  ]);
  const lists = toSendRules({ pause: { all: false, countries: [] }, smsCountries: null }, listed(['+1*'], []));
  expect(unknown(lists)).toBe('unavailable');
  expect(unknown(toSendRules({ pause: { all: true, countries: [] }, smsCountries: null }, 'none'))).toBe(
    'sending_paused',
  );
});

test('the countries are those of texts and calls, whichever else the code takes', () => {
  const countries = toSendRules({ ...anywhere, smsCountries: ['US'] }, 'none');
  const refused = CHANNELS.filter((channel) => codeOf(countries, german, 'live', [channel]) !== undefined);
  expect(refused).toEqual(['sms', 'voice']);
  expect(codeOf(countries, german, 'live', ['whatsapp', 'sms'])).toBe('country_not_allowed');
  const allowed = toSendRules({ ...anywhere, smsCountries: [] }, listed(['+49*'], []));
  expect(codeOf(allowed)).toBeUndefined();
});

test('a paused country is one of phones; a pause of everything is of every channel', () => {
  const refused = (rules: SendRules) =>
    CHANNELS.filter((channel) => codeOf(rules, german, 'live', [channel]) !== undefined);
  expect(refused(paused('DE'))).toEqual(['sms', 'whatsapp', 'voice']);
  expect(refused(toSendRules({ ...anywhere, pause: { all: true, countries: [] } }, 'none'))).toEqual([...CHANNELS]);
});

test('lists judge e-mail addresses, too, and each address of several, even one that this code does not go to', () => {
  const rules = toSendRules(
    anywhere,
    listed(['ann@example.com', '+1*'], ['Eve@example.com', 'ann@example.com', '+49*']),
  );
  const blocked = (destinations: ReturnType<typeof to> | ReturnType<typeof toEmail>, channel: Channel) =>
    refuseSend(rules, { mode: 'live', channels: [channel], destinations })?.code;
  expect(blocked(toEmail('eve@example.com'), 'email')).toBe('destination_blocked');
  expect(blocked(toEmail('ann@example.com'), 'email')).toBeUndefined();
  expect(blocked(to(jamaican, 'bob@example.com'), 'email')).toBeUndefined();
  expect(blocked(to(german, 'bob@example.com'), 'email')).toBe('destination_blocked');
  expect(blocked(to(jamaican, 'eve@example.com'), 'sms')).toBe('destination_blocked');
});

test('a list has whole destinations and prefixes, of whichever length', () => {
  const list = createDestinationList(['+14155550123', '+4479*', '+449*']);
  const found = ['+14155550123', '+447911123456', '+44912', '+4479'].map((destination) => list.has(destination));
  expect(found).toEqual([true, true, true, true]);
  const others = ['+141555501234', '+1415555012', '+44780', '+44'].map((destination) => list.has(destination));
  expect(others).toEqual([false, false, false, false]);
});
