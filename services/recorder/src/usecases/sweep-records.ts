import { RecordsUnavailable, type ReportDocument } from '@watchword/records';
import type { RecordStore } from '../ports.ts';

export interface SweepRecordsDeps {
  readonly records: RecordStore;
  readonly retentionDays: number;
  readonly now: () => number;
}

const DAY_MS = 24 * 3600 * 1000;

/**
 * Deletes what is older than the retention, a bounded number at a time, so that recording goes on in between; the day's
 * report tells what there was, or is null when that could not be counted in time. Two sweeps at once, or one after another
 * that was cut off, come to the same. @throws the signal's reason, between two deletions.
 */
export function createSweepRecords({ records, retentionDays, now }: SweepRecordsDeps) {
  return async function sweepRecords(signal?: AbortSignal): Promise<ReportDocument | null> {
    const startedAt = now();
    const day = new Date(startedAt).toISOString().slice(0, 10);
    const due = startedAt - retentionDays * DAY_MS;
    const report = await records.beginReport(day, due, startedAt).catch(toNull);
    const cutoff = report?.cutoff ?? due;
    do signal?.throwIfAborted();
    while ((await records.deleteVerifications(cutoff)) > 0);
    await records.deletePoison(cutoff);
    return records.completeReport(day).catch(toNull);
  };
}

/** The more there is to delete the longer it takes to count: deleting does not depend on it. */
function toNull(error: unknown): null {
  if (error instanceof RecordsUnavailable) return null;
  throw error;
}
