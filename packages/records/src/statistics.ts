import {
  STATISTICS_DIMENSIONS,
  type StatisticsCounters,
  type StatisticsDimension,
  type StatisticsResolution,
} from '@watchword/contracts';
import { quotas, type StatisticsDocument, statistics } from './collections/accounting.ts';
import { comparePositions } from './positions.ts';
import { add, type Page, type PageCursor, type Store, type Tally } from './store.ts';

/** A row of the statistics: what is counted of what, when. */
export type StatisticsRow = Pick<StatisticsDocument, StatisticsDimension | 'resolution' | 'bucket' | 'counters'>;

/** What a shard's events add to one document that counts. */
export interface ShardTally {
  readonly collection: typeof statistics | typeof quotas;
  readonly id: string;
  /** The other fields of the document. */
  readonly base: object;
  /** By event, in the order of their positions: the document takes in those behind its own. */
  readonly deltas: readonly { readonly position: string; readonly counters: StatisticsCounters }[];
}

/** A document that counts, before anything is counted. */
export type EmptyTally = Omit<ShardTally, 'deltas'>;
type Counting = 'id' | 'positions' | 'counters';

export function statisticsTally(row: Omit<StatisticsDocument, Counting>): EmptyTally {
  const { resolution, bucket, project, mode, channel, provider, country, purpose, template } = row;
  const base = { resolution, bucket, project, mode, channel, provider, country, purpose, template };
  const dimensions = STATISTICS_DIMENSIONS.map((name) => encodeURIComponent(base[name]));
  return { collection: statistics, id: [base.resolution, base.bucket, ...dimensions].join(':'), base };
}

/** The calendar month, UTC, of a time: `2026-01`. */
export const monthOf = (ms: number) => new Date(ms).toISOString().slice(0, 7);

const quotaId = (project: string, month: string) => `${project}:${month}`;

export const quotaTally = (project: string, month: string): EmptyTally => ({
  collection: quotas,
  id: quotaId(project, month),
  base: { project, month },
});

/** What is left to count for documents that have come this far in the shard. */
export function dueTallies(
  shard: string,
  tallies: readonly ShardTally[],
  counted: ReadonlyMap<string, string | undefined>,
): Tally[] {
  return tallies.flatMap(({ id, base, deltas }) => {
    const expected = counted.get(id) ?? null;
    const due = expected === null ? deltas : deltas.filter(({ position }) => comparePositions(position, expected) > 0);
    const last = due.at(-1);
    // Also when it comes to nothing: whoever counts some of these events later must see that they were counted.
    const increments = sumOf(due.map(({ counters }) => counters));
    return last ? [{ id, shard, expected, position: last.position, base, increments }] : [];
  });
}

function sumOf(all: readonly StatisticsCounters[]): StatisticsCounters {
  const sum: Record<string, number> = {};
  for (const counters of all) addCounters(sum, counters);
  return sum;
}

export function addCounters(to: Record<string, number>, counters: StatisticsCounters): void {
  for (const [name, amount] of Object.entries(counters)) to[name] = (to[name] ?? 0) + amount;
}

/** More rows than a project has in any range that is asked for at once. */
const ROWS_MAX = 200_000;
const ROWS_PER_WRITE = 500;

export function createStatistics(store: Store) {
  return {
    /** Rows of a project whose bucket begins in `[from, to)`, ms since the epoch, oldest first. */
    async readStatistics(
      project: string,
      resolution: StatisticsResolution,
      from: number,
      to: number,
    ): Promise<StatisticsRow[]> {
      return store.find(statistics, {
        where: { project, resolution, bucket: { gte: from, lt: to } },
        sort: { by: 'bucket' },
        limit: ROWS_MAX,
      });
    },

    /** All rows, by their ids; ids follow from what a row is about, so the same row has the same one wherever it is made. */
    async listStatistics(
      after: PageCursor | null,
      limit: number,
    ): Promise<Page<StatisticsRow & { readonly id: string }>> {
      const items = await store.find(statistics, { limit, ...(after === null ? {} : { after }) });
      const last = items.at(-1);
      return { items, next: last && items.length === limit ? { value: last.id, id: last.id } : null };
    },

    /** Takes away all rows of a project from a time on, so that others can be put in their place. */
    async removeStatistics(project: string, resolution: StatisticsResolution, from: number): Promise<void> {
      const where = { project, resolution, bucket: { gte: from } };
      while ((await store.deleteSome(statistics, where, ROWS_PER_WRITE)) === ROWS_PER_WRITE);
    },

    /** Adds rows that were counted anew: whatever comes after the last counted event counts on from them. */
    async addStatistics(rows: readonly StatisticsRow[]): Promise<void> {
      for (let from = 0; from < rows.length; from += ROWS_PER_WRITE) {
        const some = rows.slice(from, from + ROWS_PER_WRITE);
        const documents = some.map((row) => Object.assign({ id: statisticsTally(row).id, positions: {} }, row));
        await store.write([add(statistics, documents)]);
      }
    },

    /** Sends of a project in a month (`2026-01`, UTC), as far as they are recorded. */
    async readQuota(project: string, month: string): Promise<number> {
      const [found] = await store.find(quotas, { where: { id: quotaId(project, month) }, limit: 1 });
      return found?.counters.sends ?? 0;
    },
  };
}
