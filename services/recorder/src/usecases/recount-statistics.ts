import type { StatisticsResolution } from '@watchword/contracts';
import { addCounters, type PageCursor, type Records, type StatisticsRow, statisticsTally } from '@watchword/records';
import { contributionsOf } from '../domain/contributions.ts';
import { replay } from '../domain/replay.ts';
import { rowsOf } from '../domain/tallies.ts';

export interface RecountProgress {
  readonly verifications: number;
  readonly events: number;
}

/** The first wanted bucket, ms since the epoch, of each resolution. */
export type WantedFrom = Readonly<Record<StatisticsResolution, number>>;

export interface RecountOptions {
  readonly records: Pick<Records, 'listVerifications' | 'readEventsOf'>;
  /** From when on a project's rows are wanted: minutes of a year would be too many to hold. */
  readonly readWanted?: (project: string) => Promise<WantedFrom>;
  readonly onProgress?: (progress: RecountProgress) => void;
}

const PER_PAGE = 200;
const ALL: WantedFrom = { minute: 0, day: 0 };

/**
 * What the statistics must say, by the ids of their rows: counted anew from the recorded events of every verification there
 * is. Holds all wanted rows in memory.
 */
export async function recountStatistics({ records, readWanted = async () => ALL, onProgress }: RecountOptions) {
  const rows = new Map<string, StatisticsRow & { readonly counters: Record<string, number> }>();
  const progress = { verifications: 0, events: 0 };
  let after: PageCursor | null = null;
  do {
    const page: Awaited<ReturnType<Records['listVerifications']>> = await records.listVerifications(after, PER_PAGE);
    const events = await records.readEventsOf(page.items.map(({ id }) => id));
    for (const verification of page.items) {
      const recorded = events.get(verification.id) ?? [];
      const state = replay(recorded, verification);
      progress.verifications += 1;
      progress.events += recorded.length;
      if (!state) continue;
      const wantedFrom = await readWanted(verification.project);
      for (const { place, counters } of contributionsOf(state).values()) {
        for (const row of rowsOf(place)) {
          if (row.bucket < wantedFrom[row.resolution]) continue;
          const { id } = statisticsTally(row);
          const sum = rows.get(id) ?? { ...row, counters: {} };
          rows.set(id, sum);
          addCounters(sum.counters, counters);
        }
      }
    }
    onProgress?.({ ...progress });
    after = page.next;
  } while (after !== null);
  return rows;
}
