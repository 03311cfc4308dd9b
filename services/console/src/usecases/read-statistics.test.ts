import type { StatisticsDocument } from '@watchword/records';
import { expect, test } from 'vitest';
import { createReadStatistics } from './read-statistics.ts';

const DAY = 86_400_000;
const NOW = Date.parse('2026-11-20T12:00:00Z');
const QUERY = { from: NOW - DAY, to: NOW };

const documentOf = (index: number): StatisticsDocument => ({
  id: String(index).padStart(9, '0'),
  project: 'p-1',
  resolution: 'minute',
  bucket: NOW - DAY,
  mode: 'live',
  channel: 'sms',
  provider: `provider-${index % 100}`,
  country: `country-${index}`,
  purpose: index % 2 === 0 ? 'login' : 'registration',
  template: '',
  positions: {},
  counters: { sent: 1 },
});

/** So many counted rows, each of a country of its own; says how many of them were read. */
function counted(total: number) {
  let read = 0;
  const readStatistics = createReadStatistics({
    now: () => NOW,
    records: {
      countStatistics: async () => total,
      pageStatistics: async (_, after, limit) => {
        const from = after === null ? 0 : Number(after.id) + 1;
        const items = Array.from({ length: Math.min(limit, total - from) }, (__, index) => documentOf(from + index));
        read += items.length;
        const last = items.at(-1);
        return { items, next: last && items.length === limit ? { value: last.bucket, id: last.id } : null };
      },
    },
  });
  return { readStatistics, read: () => read };
}

test('as many rows as one call may read are all read, page by page', async () => {
  const { readStatistics, read } = counted(50_000);
  const { rows } = await readStatistics({ ...QUERY, group_by: ['provider'] }, 'p-1');
  expect(rows).toHaveLength(100);
  expect(rows.reduce((sum, { sent }) => sum + sent, 0)).toBe(50_000);
  expect(read()).toBe(50_000);
});

test('more than that are refused before any is read', async () => {
  const { readStatistics, read } = counted(50_001);
  await expect(readStatistics({ ...QUERY, group_by: ['provider'] }, 'p-1')).rejects.toThrow(/^\/from: .*50001/);
  expect(read()).toBe(0);
});

test('an answer of too many rows is refused as soon as it is one', async () => {
  const { readStatistics, read } = counted(20_000);
  await expect(readStatistics({ ...QUERY, group_by: ['country'] }, 'p-1')).rejects.toThrow(/^\/group_by: .*5000/);
  expect(read()).toBeLessThan(6_000);
});

test('filters leave the others out, a purpose by either of its names', async () => {
  const { readStatistics } = counted(100);
  const { rows } = await readStatistics({ ...QUERY, group_by: ['purpose'], purpose: 'verification' }, 'p-1');
  expect(rows).toEqual([expect.objectContaining({ purpose: 'registration', sent: 50 })]);
  const { rows: none } = await readStatistics(
    { ...QUERY, group_by: ['mode'], mode: 'test', provider: 'provider-1' },
    'p-1',
  );
  expect(none).toEqual([]);
});
