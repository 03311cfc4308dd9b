import type { Channel, StatisticsResolution, VerificationStatus } from '@watchword/contracts';
import { type StatisticsDocument, statistics } from './collections/accounting.ts';
import { ADDRESS_INDEXES, type AddressIndex, type VerificationDocument, verifications } from './collections.ts';
import type { Page, PageCursor, Range, Store, Where } from './store.ts';

/** What all of it must hold of a verification to be found. */
export interface VerificationSearch {
  readonly project: string;
  /** The blind index of one of its addresses under each key of the ring. */
  readonly destination?: readonly Buffer[] | undefined;
  /** That of the caller's user id. */
  readonly user?: readonly Buffer[] | undefined;
  readonly status?: VerificationStatus | undefined;
  readonly country?: string | undefined;
  /** Of one of its attempts that were settled. */
  readonly provider?: string | undefined;
  readonly purpose?: string | undefined;
  /** Of one of its deliveries. */
  readonly channel?: Channel | undefined;
  /** Opened at this time or later, and before that one; ms. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

type SearchedField = AddressIndex | 'user_index' | 'status' | 'country' | 'providers' | 'purpose' | 'channels';

type Choice = readonly [field: SearchedField, value: string | Buffer];

/** One of these holds. */
type Condition = readonly Choice[];

/** Verifications that one page may look at: some ten milliseconds’ worth. */
const LOOKED_AT_MAX = 4_000;

/**
 * Conditions from the one that is likely to match least to the one that matches most: the first is looked up in its index, the
 * others are tried on what that finds. Most codes are approved, so that status says little; each other one says much.
 */
function conditionsOf(search: VerificationSearch): Condition[] {
  const one = (field: SearchedField, value: string | undefined): Condition[] =>
    value === undefined ? [] : [[[field, value]]];
  const digests = (fields: readonly SearchedField[], values: readonly Buffer[] | undefined): Condition[] =>
    values === undefined ? [] : [fields.flatMap((field) => values.map((value): Choice => [field, value]))];
  const status = one('status', search.status);
  const isRare = search.status !== 'approved';
  return [
    ...digests(ADDRESS_INDEXES, search.destination),
    ...digests(['user_index'], search.user),
    ...(isRare ? status : []),
    ...one('country', search.country),
    ...one('providers', search.provider),
    ...one('purpose', search.purpose),
    ...one('channels', search.channel),
    ...(isRare ? [] : status),
  ];
}

/** A list in one index, and what else its documents must be. */
interface Branch {
  readonly where: Where<typeof verifications>;
  readonly filter: Where<typeof verifications> | undefined;
}

/** One list for each choice of values. */
function branchesOf(search: VerificationSearch): Branch[] {
  const choices = conditionsOf(search).reduce<(readonly Choice[])[]>(
    (known, condition) => known.flatMap((chosen) => condition.map((choice) => [...chosen, choice])),
    [[]],
  );
  return choices.map(([first, ...others]) => ({
    where: { project: search.project, ...(first && { [first[0]]: first[1] }) },
    filter: others.length === 0 ? undefined : Object.fromEntries(others),
  }));
}

/** Beside the place itself, so that every backend begins there, however deep in the list. */
function rangeOf({ from = 0, to }: VerificationSearch, after: PageCursor | null): Range {
  if (after !== null) return { gte: from, lte: after.value };
  return { gte: from, ...(to === undefined ? {} : { lt: to }) };
}

/** In a range of times and behind a place. */
const listOf = (where: Branch['where'], opened_at: Range, after: PageCursor | null) => ({
  where: { ...where, opened_at },
  sort: { by: 'opened_at', descending: true } as const,
  ...(after === null ? {} : { after }),
});

const placeOf = ({ opened_at, id }: VerificationDocument): PageCursor => ({ value: opened_at, id });

/** Newest first; of the same millisecond, the greater id. */
function comparePlaces(left: PageCursor, right: PageCursor): number {
  if (left.value !== right.value) return left.value > right.value ? -1 : 1;
  return left.id > right.id ? -1 : left.id < right.id ? 1 : 0;
}

/** What was found up to a place in the list; null when all of it was looked at. */
interface Found {
  readonly items: readonly VerificationDocument[];
  readonly seenTo: PageCursor | null;
}

interface WantedPage {
  readonly range: Range;
  readonly after: PageCursor | null;
  readonly limit: number;
  readonly lookedAt: number;
}

/** @param edge all that was opened then or later was looked at */
function toFound(items: readonly VerificationDocument[], limit: number, edge: number | string | null): Found {
  const last = items.at(-1);
  if (last && items.length === limit) return { items, seenTo: placeOf(last) };
  return { items, seenTo: edge === null ? null : { value: edge, id: '' } };
}

export function createSearch(store: Store, lookedAtMax = LOOKED_AT_MAX) {
  async function searchBranch({ where, filter }: Branch, page: WantedPage): Promise<Found> {
    const { range, after, limit, lookedAt } = page;
    if (filter === undefined) {
      return toFound(await store.find(verifications, { ...listOf(where, range, after), limit }), limit, null);
    }
    const edge = await store.valueAt(verifications, listOf(where, range, after), lookedAt);
    const looked = listOf(where, edge === null ? range : { ...range, gte: edge }, after);
    return toFound(await store.find(verifications, { ...looked, filter, limit }), limit, edge);
  }

  return {
    /**
     * A project's verifications, newest first. A page looks at a bounded number of them, so it may have fewer than `limit`
     * although there is a `next`: only a null `next` is the end.
     */
    async searchVerifications(
      search: VerificationSearch,
      after: PageCursor | null,
      limit: number,
    ): Promise<Page<VerificationDocument>> {
      const branches = branchesOf(search);
      const lookedAt = Math.ceil(lookedAtMax / branches.length);
      // One more than is answered tells whether there is more.
      const page = { range: rangeOf(search, after), after, limit: limit + 1, lookedAt };
      return toPage(await Promise.all(branches.map((branch) => searchBranch(branch, page))), limit);
    },

    /** The indexes in which a search looks; null would be a whole collection. */
    async explainSearch(search: VerificationSearch): Promise<(string | null)[]> {
      const range = rangeOf(search, null);
      const explain = ({ where, filter = {} }: Branch) =>
        store.explain(verifications, { ...listOf(where, range, null), filter, limit: 1 });
      return Promise.all(branchesOf(search).map(explain));
    },

    async countStatistics(range: StatisticsRange): Promise<number> {
      return store.count(statistics, whereOf(range));
    },

    /** What was counted in a range, oldest first. */
    async pageStatistics(
      range: StatisticsRange,
      after: PageCursor | null,
      limit: number,
    ): Promise<Page<StatisticsDocument>> {
      const items = await store.find(statistics, {
        where: whereOf(after === null ? range : { ...range, from: Number(after.value) }),
        sort: { by: 'bucket' },
        limit,
        ...(after === null ? {} : { after }),
      });
      const last = items.at(-1);
      return { items, next: last && items.length === limit ? { value: last.bucket, id: last.id } : null };
    },
  };
}

export type RecordsSearch = ReturnType<typeof createSearch>;

/** Of a project's minutes or days: those that begin in `[from, to)`, ms since the epoch. */
export interface StatisticsRange {
  readonly project: string;
  readonly resolution: StatisticsResolution;
  readonly from: number;
  readonly to: number;
}

const whereOf = ({ project, resolution, from, to }: StatisticsRange) =>
  ({ project, resolution, bucket: { gte: from, lt: to } }) satisfies Where<typeof statistics>;

/** Lists of one order become one, as far as all of them were looked at. */
function toPage(found: readonly Found[], limit: number): Page<VerificationDocument> {
  const [seenTo = null] = found.flatMap(({ seenTo: place }) => place ?? []).toSorted(comparePlaces);
  const items = found
    .flatMap((each) => each.items)
    .filter((item) => seenTo === null || comparePlaces(placeOf(item), seenTo) <= 0)
    .toSorted((left, right) => comparePlaces(placeOf(left), placeOf(right)))
    // One that two branches find.
    .filter((item, index, all) => item.id !== all[index - 1]?.id);
  const page = items.slice(0, limit);
  const last = page.at(-1);
  return { items: page, next: last && items.length > limit ? placeOf(last) : seenTo };
}
