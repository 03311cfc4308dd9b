import { CHANNELS, latencyCounter, type StatisticsRow } from '@watchword/contracts';
import { kindOf, kindsFor } from '@watchword/delivery';
import { Secret } from '@watchword/platform';
import { expect, test } from 'vitest';
import { createStatisticsTable, isTraceable } from './statistics-table.ts';

const HOUR = 3_600_000;
const MINUTE = 60_000;
const START = Date.parse('2026-11-20T08:00:00Z');

interface Sample {
  readonly at: number;
  readonly country: string;
  readonly provider: string;
  readonly acceptedMs: number;
  readonly isDelivered: boolean;
  readonly isApproved: boolean;
}

const samples: Sample[] = Array.from({ length: 5_000 }, (_, index) => ({
  at: START + ((index * 7919) % 240) * MINUTE,
  country: ['DE', 'US', 'FR'][index % 3] as string,
  provider: index % 5 === 0 ? 'two' : 'one',
  acceptedMs: 20 + ((index * 6271) % 3_000),
  isDelivered: index % 4 !== 0,
  isApproved: index % 7 !== 0,
}));

const documentOf = ({ at, acceptedMs, isDelivered, isApproved, country, provider }: Sample) => ({
  mode: 'live' as const,
  channel: 'sms',
  purpose: 'login',
  template: '',
  country,
  provider,
  bucket: at,
  counters: {
    sent: 1,
    accepted: 1,
    verifications: 1,
    cost_micros: 7,
    [latencyCounter('accepted_ms', acceptedMs)]: 1,
    ...(isDelivered ? { delivered: 1 } : {}),
    ...(isApproved ? { approved: 1 } : {}),
  },
});

/** By sorting what was measured. */
function expectRow(row: StatisticsRow, group: readonly Sample[]): void {
  const count = (is: (sample: Sample) => boolean) => group.filter(is).length;
  const delivered = count(({ isDelivered }) => isDelivered);
  const approved = count(({ isApproved }) => isApproved);
  const sent = group.length;
  expect(row).toMatchObject({ sent, accepted: sent, verifications: sent, delivered, approved, cost_micros: 7 * sent });
  expect(row).toMatchObject({ conversion: approved / sent, delivery_rate: delivered / sent, rejected: 0, unknown: 0 });
  const sorted = group.map(({ acceptedMs }) => acceptedMs).toSorted((left, right) => left - right);
  for (const [name, share] of [['p50', 0.5] as const, ['p95', 0.95] as const]) {
    const exact = sorted[Math.ceil(share * sent) - 1] as number;
    const read = row.accepted_ms?.[name] as number;
    expect(Math.abs(read / exact - 1), `${name} of ${sent}`).toBeLessThan(0.06);
  }
  expect(row.delivered_ms).toBeNull();
}

test('sums and percentiles by groups are those of all that was counted', () => {
  const table = createStatisticsTable(['country', 'provider'], 'hour');
  for (const sample of samples) table.add(documentOf(sample));
  const rows = table.rows();
  const groups = Map.groupBy(samples, ({ at, country, provider }) =>
    [new Date(Math.floor(at / HOUR) * HOUR).toISOString(), country, provider].join(),
  );
  expect(rows.map(({ time, country, provider }) => [time, country, provider].join())).toEqual(
    [...groups.keys()].toSorted(),
  );
  for (const row of rows) {
    expectRow(row, groups.get([row.time, row.country, row.provider].join()) as Sample[]);
  }
});

test('a row that nothing was sent for has no rates', () => {
  const table = createStatisticsTable(['mode'], undefined);
  const [sample] = samples as [Sample];
  table.add({ ...documentOf(sample), counters: { verifications: 2 } });
  expect(table.rows()).toEqual([
    expect.objectContaining({ mode: 'live', sent: 0, delivery_rate: null, conversion: 0, accepted_ms: null }),
  ]);
});

test('a delivery rate is of what was sent over channels whose providers tell what arrived, and null over others', () => {
  const sent = (channel: string, counters: Record<string, number>) => ({
    ...documentOf(samples[0] as Sample),
    channel,
    counters,
  });
  const counted = [
    sent('sms', { sent: 4, accepted: 4, delivered: 3 }),
    sent('email', { sent: 6, accepted: 6 }),
    sent('push', { sent: 5, accepted: 5 }),
    // None of its receipts came: that is known.
    sent('voice', { sent: 2, accepted: 2 }),
  ];
  const ratesBy = (...groups: ('channel' | 'mode')[]) => {
    const table = createStatisticsTable(groups, undefined);
    for (const document of counted) table.add(document);
    return table.rows().map(({ channel, sent: all, delivery_rate }) => [channel, all, delivery_rate]);
  };
  expect(ratesBy('channel')).toEqual([
    ['email', 6, null],
    ['push', 5, null],
    ['sms', 4, 3 / 4],
    ['voice', 2, 0],
  ]);
  expect(ratesBy('mode')).toEqual([[undefined, 17, 3 / 6]]);
});

test.each(CHANNELS)('%s is traceable if some kind of provider gives receipts for it', async (channel) => {
  const surroundings = {
    sandboxUrl: 'http://127.0.0.1:1',
    sandboxSmtpUrl: 'smtp://127.0.0.1:1',
    receiptsUrl: 'https://otp.example.com',
    timeoutMs: 1_000,
    baseUrl: undefined,
    reference: 'reference',
  };
  const account = { mode: 'test', settings: {}, sandboxToken: new Secret('sandbox') } as const;
  const providers = kindsFor(channel).map((kind) => kindOf(kind).createProvider(account, surroundings));
  expect(isTraceable(channel)).toBe(providers.some(({ givesReceipts }) => givesReceipts));
  for (const provider of providers) await provider.close();
});
