import { ROOT_PROJECT, STATISTICS_RESOLUTIONS, type StatisticsResolution } from '@watchword/contracts';
import type { Records } from '@watchword/records';
import { cutoffsAt } from '../domain/retention.ts';
import { type RecountProgress, recountStatistics } from './recount-statistics.ts';
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
 * Counts the statistics anew from the recorded events, as far as whole days of these are kept, and puts them in the place of
 * what was counted. Days before that stay as they are: their verifications are gone. No recorder may run; what is cut off is
 * done by doing it again.
 */
export async function rebuildStatistics(options: RebuildStatisticsOptions): Promise<Rebuilt> {
  const { records, retentionDays, onProgress } = options;
  const now = options.now();
  const cursors = await records.cursors();
  if (cursors.some(({ leased_until }) => leased_until > now)) return { result: 'recorder_running' };
  const unfinished = cursors.filter(({ counted, position }) => counted !== null && counted !== position);
  if (unfinished.length > 0) return { result: 'recording_unfinished', shards: unfinished.map(({ id }) => id) };

  const retentions = await records.readRetentions();
  const { cutoff, cutoffs } = cutoffsAt(now, retentions, retentionDays);
  const fromOf = (project: string, resolution: StatisticsResolution) => {
    const wholeDays = Math.ceil((cutoffs[project] ?? cutoff) / DAY_MS + 1) * DAY_MS;
    return resolution === 'minute' ? Math.max(wholeDays, now - MINUTES_KEPT_DAYS * DAY_MS) : wholeDays;
  };
  const rows = await recountStatistics({
    records,
    isWanted: (project, resolution, bucket) => bucket >= fromOf(project, resolution),
    ...(onProgress ? { onProgress } : {}),
  });
  const counted = [...rows.values()];
  for (const project of new Set([ROOT_PROJECT, ...retentions.keys(), ...counted.map((row) => row.project)])) {
    for (const resolution of ['minute', 'day'] as const) {
      await records.removeStatistics(project, resolution, fromOf(project, resolution));
    }
  }
  await records.addStatistics(counted);
  return { result: 'rebuilt', rows: counted.length };
}
