import { type Cutoffs, RecordsUnavailable, type ReportDocument } from '@watchword/records';
import { cutoffsAt, dueParts } from '../domain/retention.ts';
import type { RecordStore } from '../ports.ts';

export interface SweepRecordsDeps {
  readonly records: RecordStore;
  /** Of projects that have no retention of their own. */
  readonly retentionDays: number;
  readonly now: () => number;
}

const DAY_MS = 24 * 3600 * 1000;
export const MINUTES_KEPT_DAYS = 2;
const DAYS_KEPT_DAYS = 400;
const AUDIT_KEPT_DAYS = 365;

/**
 * Deletes what is older than the retention, a bounded number at a time, so that recording goes on in between; the day's
 * report tells what there was, or is null when that could not be counted in time. Two sweeps at once, or one after another
 * that was cut off, come to the same. @throws the signal's reason, between two deletions.
 */
export function createSweepRecords({ records, retentionDays, now }: SweepRecordsDeps) {
  return async function sweepRecords(signal?: AbortSignal): Promise<ReportDocument | null> {
    const startedAt = now();
    const day = new Date(startedAt).toISOString().slice(0, 10);
    // Without them nobody knows what may be deleted.
    const retentions = await records.readRetentions();
    const due = cutoffsAt(startedAt, retentions, retentionDays);
    const report = await records.beginReport(day, due, startedAt).catch(toNull);
    const cutoffs: Cutoffs = report ? { cutoff: report.cutoff, cutoffs: report.cutoffs ?? {} } : due;
    for (const part of dueParts(cutoffs, retentions.keys())) {
      do signal?.throwIfAborted();
      while ((await records.deleteVerifications(part)) > 0);
      await records.deleteDecisions(part);
    }
    await records.deletePoison(cutoffs.cutoff);
    await records.deleteAudit(startedAt - AUDIT_KEPT_DAYS * DAY_MS);
    const minute = startedAt - MINUTES_KEPT_DAYS * DAY_MS;
    await records.deleteStatistics({ minute, day: startedAt - DAYS_KEPT_DAYS * DAY_MS });
    await records.purge();
    return records.completeReport(day).catch(toNull);
  };
}

/** The more there is to delete the longer it takes to count: deleting does not depend on it. */
function toNull(error: unknown): null {
  if (error instanceof RecordsUnavailable) return null;
  throw error;
}
