import { type SearchVerificationsQuery, searchVerificationsQuerySchema } from '@watchword/contracts';
import {
  anyDestination,
  anyUser,
  COUNTRIES,
  DAYS,
  destinationAt,
  PROVIDERS,
  PURPOSES,
  REGIONAL,
  STATUSES,
} from './population.ts';
import type { Random } from './random.ts';

/** One kind of search. */
export interface SearchCase {
  readonly name: string;
  /** What is asked for, as it would stand in a URL. */
  readonly ask: (random: Random) => Readonly<Record<string, string>>;
  /** Pages to go on for, each measured; without it every search is a first page. */
  readonly pages?: number;
}

const HOUR_MS = 3_600_000;
const keyOf = <T>(entries: readonly (readonly [T, number])[], random: Random) => random.oneOf(entries)[0];

/** An hour, a day or a week of the time that there is. */
function anyRange(random: Random, endsAt: number) {
  const length = random.oneOf([1, 24, 168]) * HOUR_MS;
  const from = endsAt - length - Math.floor(random.next() * (DAYS * 24 * HOUR_MS - length));
  return { from: new Date(from).toISOString(), to: new Date(from + length).toISOString() };
}

/** @param endsAt when the newest verification was opened, ms */
export function casesOf(endsAt: number): SearchCase[] {
  const filters: SearchCase[] = [
    { name: 'nothing', ask: () => ({}) },
    { name: 'time', ask: (random) => anyRange(random, endsAt) },
    { name: 'status', ask: (random) => ({ status: keyOf(STATUSES, random) }) },
    { name: 'purpose', ask: (random) => ({ purpose: keyOf(PURPOSES, random) }) },
    { name: 'channel', ask: () => ({ channel: 'sms' }) },
    { name: 'channel that few have', ask: () => ({ channel: 'email' }) },
    { name: 'country', ask: (random) => ({ country: keyOf(COUNTRIES, random) }) },
    { name: 'provider', ask: (random) => ({ provider: keyOf(PROVIDERS, random) }) },
    { name: 'destination', ask: (random) => ({ destination: anyDestination(random) }) },
    { name: 'destination with the most', ask: () => ({ destination: destinationAt(0) }) },
    { name: 'user_id', ask: (random) => ({ user_id: anyUser(random) }) },
  ];
  const combined: SearchCase[] = [
    { name: 'blocked, country', ask: (random) => ({ status: 'blocked', country: keyOf(COUNTRIES, random) }) },
    { name: 'approved, country, login', ask: (random) => ({ ...approved, country: keyOf(COUNTRIES, random) }) },
    { name: 'approved, channel', ask: () => ({ status: 'approved', channel: 'sms' }) },
    { name: 'channel, provider', ask: (random) => ({ channel: 'email', provider: keyOf(PROVIDERS, random) }) },
    { name: 'country, provider, time', ask: (random) => ({ ...anyRange(random, endsAt), ...route(random) }) },
    { name: 'destination, status', ask: (random) => ({ destination: anyDestination(random), status: 'expired' }) },
    { name: 'user_id, purpose', ask: (random) => ({ user_id: anyUser(random), purpose: 'transaction' }) },
    {
      name: 'what is not there',
      ask: () => ({ country: 'US', provider: 'regional' }),
      pages: Number.POSITIVE_INFINITY,
    },
    {
      name: 'few of many',
      ask: () => ({ country: REGIONAL, provider: 'regional', purpose: 'password_reset' }),
      pages: 10,
    },
  ];
  const deep: SearchCase[] = [
    { name: 'nothing, deep', ask: () => ({ limit: '100' }), pages: 200 },
    { name: 'status, deep', ask: () => ({ status: 'approved', limit: '100' }), pages: 200 },
    { name: 'country, purpose, deep', ask: () => ({ country: 'US', purpose: 'login', limit: '100' }), pages: 200 },
    { name: 'channel, deep', ask: () => ({ channel: 'sms', limit: '100' }), pages: 200 },
    { name: 'destination, deep', ask: () => ({ destination: destinationAt(0), limit: '100' }), pages: 100 },
  ];
  return [...filters, ...combined, ...deep];
}

const approved = { status: 'approved', purpose: 'login' };
const route = (random: Random) => ({ country: keyOf(COUNTRIES, random), provider: keyOf(PROVIDERS, random) });

export const toQuery = (asked: Readonly<Record<string, string>>): SearchVerificationsQuery =>
  searchVerificationsQuerySchema.parse(asked);
