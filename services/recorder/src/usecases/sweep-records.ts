import type { ReportDocument } from '@watchword/records';
import type { RecordStore } from '../ports.ts';

export interface SweepRecordsDeps {
  readonly records: RecordStore;
  readonly retentionDays: number;
  readonly now: () => number;
}

const DAY_MS = 24 * 3600 * 1000;

/**
 * Deletes what is older than the retention, a bounded number at a time, so that recording goes on in between; the day's
 * report tells what there was. Two sweeps at once, or one after another that was cut off, come to the same.
 */
export function createSweepRecords({ records, retentionDays, now }: SweepRecordsDeps) {
  return async function sweepRecords(): Promise<ReportDocument | null> {
    const startedAt = now();
    const day = new Date(startedAt).toISOString().slice(0, 10);
    const { cutoff } = await records.beginReport(day, startedAt - retentionDays * DAY_MS, startedAt);
    while ((await records.deleteVerifications(cutoff)) > 0);
    await records.deletePoison(cutoff);
    return records.completeReport(day);
  };
}
