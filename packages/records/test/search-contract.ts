import { randomInt } from 'node:crypto';
import { beforeEach, expect, test } from 'vitest';
import { statistics } from '../src/collections/accounting.ts';
import { ADDRESS_INDEXES, type VerificationDocument, verifications } from '../src/collections.ts';
import { createRecords } from '../src/records.ts';
import { createSearch, type VerificationSearch } from '../src/search.ts';
import { type PageCursor, put, type Query, type Store } from '../src/store.ts';
import { verificationOf } from './records-contract.ts';

const NOW = 1_700_000_000_000;
const DOCUMENTS = 400;
const STATUSES = ['approved', 'approved', 'approved', 'expired', 'blocked'] as const;
const COUNTRIES = ['DE', 'US', 'US', 'FR'];
const PROVIDERS = ['one', 'two', 'three'];
const CHANNELS = ['sms', 'email', 'voice'] as const;
const PURPOSES = ['login', 'login', 'password_reset'];
/** Of a destination or a user under an older key of the ring and under the current one. */
const digests = (name: string) => [1, 2].map((key) => Buffer.from(`${name}-${key}`.padEnd(32, '.')));

const oneOf = <T>(values: readonly T[]) => values[randomInt(values.length)] as T;
/** Some of them, all or none. */
const someOf = <T>(values: readonly T[]) => values.filter(() => randomInt(2) === 0);
const maybe = <T>(value: T) => (randomInt(3) === 0 ? value : undefined);
const nameOf = (of: string, count: number) => digests(`${of} ${randomInt(count)}`);

/** Many of the same millisecond, so that pages end among equals. */
const randomVerification = (index: number): VerificationDocument =>
  verificationOf(`v${String(index * 7919).padStart(9, '0')}`, {
    project: oneOf(['p-1', 'p-1', 'p-2']),
    status: oneOf(STATUSES),
    country: oneOf(COUNTRIES),
    providers: someOf(PROVIDERS),
    purpose: oneOf(PURPOSES),
    channels: someOf(CHANNELS),
    destination_index: oneOf(nameOf('destination', 9)),
    second_index: oneOf([null, null, ...nameOf('destination', 9)]),
    third_index: oneOf([null, null, null, ...nameOf('destination', 9)]),
    user_index: oneOf([null, ...nameOf('user', 5)]),
    opened_at: NOW + randomInt(100),
  });

const randomSearch = (): VerificationSearch => ({
  project: 'p-1',
  status: maybe(oneOf(STATUSES)),
  country: maybe(oneOf(COUNTRIES)),
  provider: maybe(oneOf(['one', 'two', 'none'])),
  purpose: maybe(oneOf(PURPOSES)),
  channel: maybe(oneOf(CHANNELS)),
  destination: maybe(nameOf('destination', 9)),
  user: maybe(nameOf('user', 5)),
  from: maybe(NOW + randomInt(50)),
  to: maybe(NOW + 50 + randomInt(50)),
});

const FILTERS = {
  status: 'status',
  country: 'country',
  purpose: 'purpose',
} as const;
const MEMBERS = { provider: 'providers', channel: 'channels' } as const;

function isWanted(document: VerificationDocument, search: VerificationSearch): boolean {
  const has = (wanted: readonly Buffer[] | undefined, index: Buffer | null) =>
    wanted === undefined || wanted.some((digest) => index !== null && digest.equals(index));
  return (
    document.project === search.project &&
    Object.values(FILTERS).every((field) => search[field] === undefined || search[field] === document[field]) &&
    Object.entries(MEMBERS).every(([name, field]) => {
      const wanted = search[name as keyof typeof MEMBERS];
      return wanted === undefined || document[field]?.some((one) => one === wanted);
    }) &&
    ADDRESS_INDEXES.some((field) => has(search.destination, document[field])) &&
    has(search.user, document.user_index) &&
    document.opened_at >= (search.from ?? 0) &&
    document.opened_at < (search.to ?? Number.POSITIVE_INFINITY)
  );
}

const newestFirst = (left: VerificationDocument, right: VerificationDocument) =>
  right.opened_at - left.opened_at || (left.id < right.id ? 1 : -1);

/** What every backend must hold of a search. `open` gives an empty one each time. */
export function testSearch(open: () => Promise<Store>): void {
  let store: Store;
  beforeEach(async () => {
    store = await open();
  });

  const fill = async (documents: readonly VerificationDocument[]) => store.write([put(verifications, documents)]);

  /** All pages; each as long as it may be, or short, but never the last before its time. */
  async function readAll(search: VerificationSearch, limit: number, lookedAtMax: number): Promise<string[]> {
    const { searchVerifications } = createSearch(store, lookedAtMax);
    const ids: string[] = [];
    let after: PageCursor | null = null;
    do {
      const page = await searchVerifications(search, after, limit);
      expect(page.items.length).toBeLessThanOrEqual(limit);
      ids.push(...page.items.map(({ id }) => id));
      after = page.next;
    } while (after !== null);
    return ids;
  }

  test('any filters find what they name, newest first and each once, however little a page looks at', async () => {
    const documents = Array.from({ length: DOCUMENTS }, (_, index) => randomVerification(index));
    await fill(documents);
    for (let round = 0; round < 30; round += 1) {
      const search = randomSearch();
      const wanted = documents.filter((document) => isWanted(document, search)).toSorted(newestFirst);
      const found = await readAll(search, 1 + randomInt(40), 1 + randomInt(60));
      expect(found, JSON.stringify(search)).toEqual(wanted.map(({ id }) => id));
    }
  }, 60_000);

  test('a page that looked at its share ends, and the next one goes on behind it', async () => {
    const wanted = verificationOf('wanted', { status: 'approved', country: 'FR', channels: ['sms'], opened_at: NOW });
    const others = Array.from({ length: 100 }, (_, index) =>
      verificationOf(`other-${index}`, { country: 'FR', channels: ['sms'], opened_at: NOW + 1 + index }),
    );
    await fill([wanted, ...others]);
    const asked: Query<typeof verifications>[] = [];
    const watched: Store = {
      ...store,
      find: (collection, query) => {
        asked.push(query as Query<typeof verifications>);
        return store.find(collection, query);
      },
    };
    const { searchVerifications } = createSearch(watched, 30);
    const pages: string[][] = [];
    let after: PageCursor | null = null;
    do {
      const search = { project: 'p-1', status: 'approved', country: 'FR', channel: 'sms' } as const;
      const page = await searchVerifications(search, after, 10);
      pages.push(page.items.map(({ id }) => id));
      after = page.next;
    } while (after !== null);
    expect(pages).toEqual([[], [], [], ['wanted']]);
    // However few match, the database is given no more than that to look at.
    const looked = asked.map((query) => store.count(verifications, { ...query.where, country: 'FR' }));
    expect(await Promise.all(looked)).toEqual([30, 31, 31, 12]);
  });

  test('a verification is found by each channel and provider that it has at the time, and by none when it has gone', async () => {
    const { searchVerifications } = createSearch(store);
    const foundBy = async (search: Partial<VerificationSearch>) =>
      (await searchVerifications({ project: 'p-1', ...search }, null, 9)).items.map(({ id }) => id);
    await fill([verificationOf('a', { channels: ['sms'] }), verificationOf('b', { channels: null, providers: null })]);
    expect(await foundBy({ channel: 'email' })).toEqual([]);
    await fill([verificationOf('a', { applied_seq: 2, channels: ['sms', 'email'], providers: ['one', 'two'] })]);
    // What is older is left out as a whole.
    await fill([verificationOf('a', { applied_seq: 1, channels: ['voice'] })]);
    for (const search of [
      { channel: 'sms' },
      { channel: 'email' },
      { provider: 'one' },
      { provider: 'two' },
    ] as const) {
      expect(await foundBy(search)).toEqual(['a']);
      expect(await foundBy({ ...search, channel: 'sms', status: 'pending' })).toEqual(['a']);
    }
    expect(await foundBy({ channel: 'voice' })).toEqual([]);
    expect(await foundBy({ provider: 'one', channel: 'voice' })).toEqual([]);
    expect(await store.change(verifications, { id: 'a' }, { providers: ['two'] })).toBe(1);
    expect([await foundBy({ provider: 'one' }), await foundBy({ provider: 'two' })]).toEqual([[], ['a']]);
    expect(await store.deleteSome(verifications, { project: 'p-1' }, 9)).toBe(2);
    expect(await foundBy({ channel: 'sms' })).toEqual([]);
    // Of the same id, with nothing of what the other one had.
    await fill([verificationOf('a')]);
    expect(await foundBy({ channel: 'sms' })).toEqual([]);
  });

  test('what is opened while somebody pages is neither in the way nor found twice', async () => {
    const old = Array.from({ length: 30 }, (_, index) => verificationOf(`old-${index}`, { opened_at: NOW + index }));
    await fill(old);
    const { searchVerifications } = createSearch(store);
    const ids: string[] = [];
    let after: PageCursor | null = null;
    for (let round = 0; ; round += 1) {
      const page = await searchVerifications({ project: 'p-1' }, after, 7);
      ids.push(...page.items.map(({ id }) => id));
      await fill(
        Array.from({ length: 9 }, (_, index) => verificationOf(`new-${round}-${index}`, { opened_at: NOW + 99 })),
      );
      after = page.next;
      if (after === null) break;
    }
    expect(ids).toEqual(old.toSorted(newestFirst).map(({ id }) => id));
  });

  test('another project finds nothing, whatever it asks for', async () => {
    const user = digests('user');
    const destination = digests('destination');
    await fill([verificationOf('a', { user_index: user[0] as Buffer, destination_index: destination[0] as Buffer })]);
    const { searchVerifications } = createSearch(store);
    for (const search of [{}, { destination }, { user }, { status: 'pending', destination }] as const) {
      expect((await searchVerifications({ ...search, project: 'p-1' }, null, 9)).items).toHaveLength(1);
      expect(await searchVerifications({ ...search, project: 'p-2' }, null, 9)).toEqual({ items: [], next: null });
    }
  });

  test('each filter is looked up in its own index, alone and with others', async () => {
    await fill(Array.from({ length: 200 }, (_, index) => randomVerification(index)));
    const { explainSearch } = createSearch(store);
    const indexesOf = async (search: Partial<VerificationSearch>) => [
      ...new Set(await explainSearch({ project: 'p-1', ...search })),
    ];
    for (const search of [{}, { from: NOW, to: NOW + 1 }]) {
      expect(await indexesOf(search)).toEqual(['verifications_project_opened_at']);
    }
    const alone: [keyof VerificationDocument, Partial<VerificationSearch>][] = [
      ['status', { status: 'approved' }],
      ['purpose', { purpose: 'login' }],
      ['channels', { channel: 'sms' }],
      ['country', { country: 'DE' }],
      ['providers', { provider: 'one' }],
      ['user_index', { user: digests('user 1') }],
    ];
    for (const [field, search] of alone) {
      const own = [`verifications_project_${field}_opened_at`];
      expect(await indexesOf(search)).toEqual(own);
      expect(await indexesOf({ ...search, from: NOW, to: NOW + 9 })).toEqual(own);
      // What matches most does not decide where to look.
      expect(await indexesOf({ status: 'approved', to: NOW, ...search })).toEqual(own);
    }
    const ofAddresses = ADDRESS_INDEXES.map((field) => `verifications_project_${field}_opened_at`);
    const destination = digests('destination 1');
    expect(await indexesOf({ destination })).toEqual(ofAddresses);
    expect(await indexesOf({ destination, status: 'approved', from: NOW, to: NOW + 9 })).toEqual(ofAddresses);
    expect(await indexesOf({ status: 'blocked', country: 'DE', provider: 'one' })).toEqual([
      'verifications_project_status_opened_at',
    ]);
  });

  test('statistics are read in pages, each document once, of one project and within the range', async () => {
    const { pageStatistics, countStatistics } = createRecords(store);
    const base = {
      mode: 'live',
      channel: 'sms',
      provider: 'one',
      country: 'DE',
      purpose: 'login',
      template: '',
    } as const;
    const range = { project: 'p-1', resolution: 'minute', from: NOW, to: NOW + 10 } as const;
    const counted = Array.from({ length: 60 }, (_, index) => ({
      id: `s${index}`,
      ...base,
      project: index % 3 === 0 ? 'p-2' : 'p-1',
      resolution: index % 4 === 0 ? ('day' as const) : ('minute' as const),
      bucket: NOW - 2 + (index % 14),
      positions: {},
      counters: { sent: index },
    }));
    await store.write([put(statistics, counted)]);
    const wanted = counted.filter(
      ({ project, resolution, bucket }) =>
        project === 'p-1' && resolution === 'minute' && bucket >= range.from && bucket < range.to,
    );
    expect(await countStatistics(range)).toBe(wanted.length);
    const found: string[] = [];
    let after: PageCursor | null = null;
    do {
      const page = await pageStatistics(range, after, 4);
      found.push(...page.items.map(({ id }) => id));
      after = page.next;
    } while (after !== null);
    expect(found.toSorted()).toEqual(wanted.map(({ id }) => id).toSorted());
  });
}
