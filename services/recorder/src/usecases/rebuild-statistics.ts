import { ROOT_PROJECT, STATISTICS_RESOLUTIONS } from '@watchword/contracts';
import type { Cutoffs, Records } from '@watchword/records';
import { cutoffsAt } from '../domain/retention.ts';
import { type RecountProgress, recountStatistics, type WantedFrom } from './recount-statistics.ts';
import { MINUTES_KEPT_DAYS } from './sweep-records.ts';

export interface RebuildStatisticsOptions {
  readonly records: Records;
  /** Of projects that have no retention of their own. */
  readonly retentionDays: number;
  readonly now: () => number;
  readonly onProgress?: (progress: RecountProgress) => void;
}

export type Rebuilt =
  | { readonly result: 'rebuilt'; readonly rows: number }
  /** A recorder is at it, or was until a few seconds ago: stop it first. */
  | { readonly result: 'recorder_running' }
  /** A recorder was cut off while it counted: start one, wait until it has caught up, and stop it. */
  | { readonly result: 'recording_unfinished'; readonly shards: readonly string[] };

const { day: DAY_MS } = STATISTICS_RESOLUTIONS;

/**
 * Counts the statistics anew from the recorded events, and puts them in the place of what was counted: of each project from
 * the first whole day on of which it still has all, and of a project that has no recorded verification nothing. What is older
 * stays as it is, since nobody could count it again. No recorder may run; what is cut off is done by doing it again.
 */
export async function rebuildStatistics(options: RebuildStatisticsOptions): Promise<Rebuilt> {
  const { records, onProgress } = options;
  const now = options.now();
  const cursors = await records.cursors();
  if (cursors.some(({ leased_until }) => leased_until > now)) return { result: 'recorder_running' };
  const unfinished = cursors.filter(({ counted, position }) => counted !== null && counted !== position);
  if (unfinished.length > 0) return { result: 'recording_unfinished', shards: unfinished.map(({ id }) => id) };

  const retentions = await records.readRetentions();
  const wanted = createWanted(options, cutoffsAt(now, retentions, options.retentionDays), now);
  const rows = await recountStatistics({ records, readWanted: wanted.read, ...(onProgress ? { onProgress } : {}) });
  const counted = [...rows.values()];
  for (const project of new Set([ROOT_PROJECT, ...retentions.keys(), ...wanted.projects()])) {
    const wantedFrom = await wanted.read(project);
    for (const resolution of ['minute', 'day'] as const) {
      if (wantedFrom[resolution] !== NEVER) await records.removeStatistics(project, resolution, wantedFrom[resolution]);
    }
  }
  await records.addStatistics(counted);
  return { result: 'rebuilt', rows: counted.length };
}

const NEVER = Number.POSITIVE_INFINITY;

/**
 * By project, once. What is recorded decides, and not only the retention: that of today, or of this shell, may be longer than
 * the one by which verifications were deleted.
 */
function createWanted({ records }: RebuildStatisticsOptions, { cutoff, cutoffs }: Cutoffs, now: number) {
  const known = new Map<string, WantedFrom>();
  return {
    async read(project: string): Promise<WantedFrom> {
      const found = known.get(project) ?? (await readFrom(project));
      known.set(project, found);
      return found;
    },
    /** Those that were asked for. */
    projects: () => [...known.keys()],
  };

  async function readFrom(project: string): Promise<WantedFrom> {
    const keptSince = await records.readKeptSince(project);
    if (keptSince === null) return { minute: NEVER, day: NEVER };
    // A day later than the first midnight: what was opened just before that may have been sent again behind it.
    const since = Math.max(keptSince, cutoffs[project] ?? cutoff);
    const day = Math.ceil(since / DAY_MS + 1) * DAY_MS;
    return { minute: Math.max(day, now - MINUTES_KEPT_DAYS * DAY_MS), day };
  }
}
