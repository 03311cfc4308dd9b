import { randomBytes } from 'node:crypto';
import type { Channel, Mode, VerificationStatus } from '@watchword/contracts';
import { encodeBase32, type KeyRing, Secret, singleKeyRing } from '@watchword/platform';
import { createBlindIndex, type IndexedDestination, type VerificationDocument } from '@watchword/records';
import { createSealer } from '@watchword/verifications';
import { createRandom, type Random } from './random.ts';

// What a busy project looks like: most codes are approved, a few countries get most of them, some numbers many.

export const PROJECT = 'prj_measured';
const OTHER_PROJECT = 'prj_other';
export const DAYS = 30;
const DAY_MS = 86_400_000;
const TTL_MS = 300_000;
const DESTINATIONS = 100_000;
const USERS = 50_000;

export const STATUSES: readonly (readonly [VerificationStatus, number])[] = [
  ['approved', 900],
  ['expired', 62],
  ['exhausted', 15],
  ['canceled', 10],
  ['pending', 8],
  ['blocked', 5],
];
export const PURPOSES = [
  ['login', 70],
  ['registration', 18],
  ['transaction', 9],
  ['password_reset', 3],
] as const;
export const PROVIDERS = [
  ['twilio', 60],
  ['vonage', 35],
  ['regional', 5],
] as const;
const MODES: readonly (readonly [Mode, number])[] = [
  ['live', 98],
  ['test', 2],
];
/** Where the provider `regional` sends, and no other country. */
export const REGIONAL = 'SG';
const CODES =
  'US DE IN GB FR BR ES IT NL PL SG MX CA AU TR SE CH AT BE PT IE DK NO FI CZ RO GR HU IL ZA NG KE EG MA SA AE QA KW TH VN MY PH ID JP KR TW HK NZ CL AR';
/** By Zipf's law: the first has a fifth of all. */
export const COUNTRIES = CODES.split(' ').map((country, index) => [country, 1 / (index + 1)] as const);

/** Numbers of an area code that nobody has. */
export const destinationAt = (index: number) => `+1555${String(index).padStart(7, '0')}`;
const userAt = (index: number) => `user-${index}`;
/** Few have many: the first one gets some 2 % of all. */
const popular = (random: Random, count: number) => Math.floor(count * random.next() ** 3);
export const anyDestination = (random: Random) => destinationAt(popular(random, DESTINATIONS));
export const anyUser = (random: Random) => userAt(popular(random, USERS));

export interface Population {
  /** Two keys, so that a search has to look under both. */
  readonly indexKey: KeyRing;
  readonly sealKey: KeyRing;
  /** The next so many, oldest first. */
  take(count: number): VerificationDocument[];
}

/** @param endsAt when the newest is opened, ms */
export function createPopulation(documents: number, seed: number, endsAt: number): Population {
  const random = createRandom(seed);
  const older = singleKeyRing(newKey());
  const current = { id: 2, key: newKey() };
  const indexKey = { current, keys: [current, ...older.keys] };
  const sealKey = singleKeyRing(newKey());
  const sealer = createSealer(sealKey);
  const indexes = [createBlindIndex(older), createBlindIndex(indexKey)] as const;
  const known = new Map<string, IndexedDestination>();
  const beginsAt = endsAt - DAYS * DAY_MS;
  let made = 0;

  /** Most come again. */
  function remembered(key: string, index: () => IndexedDestination): IndexedDestination {
    const found = known.get(key) ?? index();
    known.set(key, found);
    return found;
  }

  function make(): VerificationDocument {
    // The first half was indexed before the key changed.
    const age = made * 2 < documents ? 0 : 1;
    const opened_at = beginsAt + Math.floor((made / documents) * DAYS * DAY_MS);
    made += 1;
    const id = encodeBase32(random.bytes(16));
    const project = random.next() < 0.95 ? PROJECT : OTHER_PROJECT;
    const destination = anyDestination(random);
    const index = remembered(`${age} ${destination}`, () => indexes[age].of(destination));
    const email = random.next() < 0.1 ? `user${destination.slice(1)}@example.com` : undefined;
    const second = email && remembered(`${age} ${email}`, () => indexes[age].of(email));
    const userId = random.next() < 0.4 ? anyUser(random) : undefined;
    const user = userId && remembered(`${age} ${project} ${userId}`, () => indexes[age].ofUser(project, userId));
    const status = random.weighted(STATUSES);
    const country = random.weighted(COUNTRIES);
    const drawn = random.weighted(PROVIDERS);
    const taken = drawn === 'regional' && country !== REGIONAL ? 'twilio' : drawn;
    // Some go over two channels, and some to a second provider.
    const channels: Channel[] = email === undefined ? ['sms'] : ['sms', 'email'];
    const providers = random.next() < 0.05 && taken !== 'vonage' ? ['vonage', taken] : [taken];
    return {
      id,
      project,
      status,
      country,
      opened_at,
      mode: random.weighted(MODES),
      purpose: random.weighted(PURPOSES),
      undeliverable: random.next() < 0.01,
      destination: sealer.seal(destination, id, 'destination'),
      seal_key: sealKey.current.id,
      destination_index: index.digest,
      second_index: second ? second.digest : null,
      third_index: null,
      destination_index_key: index.key,
      context: null,
      user_index: user ? user.digest : null,
      user_index_key: user ? user.key : null,
      channel: channels.at(-1) ?? null,
      channels,
      provider: taken,
      providers,
      erased_at: null,
      code_ttl_ms: TTL_MS,
      checks_remaining: 3,
      last_delivery: 1,
      last_send: 1,
      expires_at: opened_at + TTL_MS,
      ended_at: status === 'pending' ? null : opened_at + random.below(TTL_MS),
      token_consumed_at: null,
      applied_seq: 5,
    };
  }

  return { indexKey, sealKey, take: (count) => Array.from({ length: count }, make) };
}

const newKey = () => new Secret(randomBytes(32));
