import { type Due, RecordsUnavailable } from '@watchword/records';
import { expect, test, vi } from 'vitest';
import type { RecordStore } from '../ports.ts';
import { createSweepRecords } from './sweep-records.ts';

const NOW = 1_800_000_000_000;
const DUE = { project: null, before: NOW - 24 * 3600 * 1000 };

function sweepOver(changes: Partial<RecordStore>) {
  const records = {
    beginReport: async () => ({ cutoff: 7 }),
    readRetentions: async () => new Map(),
    deleteDecisions: async () => undefined,
    deletePoison: async () => undefined,
    deleteAudit: async () => undefined,
    deleteStatistics: async () => undefined,
    purge: async () => true,
    completeReport: async () => null,
    ...changes,
  } as unknown as RecordStore;
  return createSweepRecords({ records, retentionDays: 1, now: () => NOW });
}

test('records that are too many to be counted are deleted all the same', async () => {
  const deleteVerifications = vi.fn(async (_due: Due) => 0).mockResolvedValueOnce(100);
  const sweep = sweepOver({
    beginReport: () => Promise.reject(new RecordsUnavailable('too many')),
    completeReport: () => Promise.reject(new RecordsUnavailable('too many')),
    deleteVerifications,
  });
  expect(await sweep()).toBeNull();
  expect(deleteVerifications.mock.calls).toEqual([[DUE], [DUE]]);
});

test('a sweep that is told to stop ends between two deletions', async () => {
  const stopping = new AbortController();
  const deleteVerifications = vi.fn(async () => {
    stopping.abort(new Error('stopping'));
    return deleteVerifications.mock.calls.length < 5 ? 100 : 0;
  });
  await expect(sweepOver({ deleteVerifications })(stopping.signal)).rejects.toThrow('stopping');
  expect(deleteVerifications).toHaveBeenCalledTimes(1);
});
