import {
  type Channel,
  latencyQuantile,
  STATISTICS_COUNTERS,
  STATISTICS_TIMES,
  type StatisticsCounter,
  type StatisticsGroup,
  type StatisticsLatency,
  type StatisticsRow,
  type StatisticsTime,
} from '@watchword/contracts';
import type { StatisticsDocument } from '@watchword/records';
import { timeOf } from './answers.ts';

type Counted = Pick<StatisticsDocument, StatisticsGroup | 'bucket' | 'counters'>;

interface Sum {
  readonly start: number | undefined;
  readonly values: readonly string[];
  readonly counters: Record<string, number>;
  /** How many were sent that a provider may tell the arrival of. */
  traceable: number;
}

/** No provider tells whether what it took over these arrived: a relay has a mail for good, and so has FCM a message. */
const UNTRACEABLE: ReadonlySet<string> = new Set<Channel>(['email', 'push']);
export const isTraceable = (channel: string): boolean => !UNTRACEABLE.has(channel);

/** Sums of what was counted, by groups. Histograms add up like every other counter, hence percentiles of the sum. */
export function createStatisticsTable(groups: readonly StatisticsGroup[], time: StatisticsTime | undefined) {
  const sums = new Map<string, Sum>();

  function sumOf(counted: Counted): Sum {
    const start = time && Math.floor(counted.bucket / STATISTICS_TIMES[time]) * STATISTICS_TIMES[time];
    const values = groups.map((group) => counted[group]);
    const key = JSON.stringify([start, ...values]);
    const known = sums.get(key);
    if (known !== undefined) return known;
    const made = { start, values, counters: {}, traceable: 0 };
    sums.set(key, made);
    return made;
  }

  return {
    add(counted: Counted): void {
      const sum = sumOf(counted);
      const { counters } = sum;
      for (const [name, amount] of Object.entries(counted.counters)) counters[name] = (counters[name] ?? 0) + amount;
      if (isTraceable(counted.channel)) sum.traceable += counted.counters.sent ?? 0;
    },

    size: () => sums.size,

    /** By time, then by the groups in their order. */
    rows: (): StatisticsRow[] => [...sums.values()].toSorted(compareSums).map((sum) => toRow(sum, groups)),
  };
}

function compareSums(left: Sum, right: Sum): number {
  if (left.start !== right.start) return (left.start ?? 0) - (right.start ?? 0);
  const place = left.values.findIndex((value, index) => value !== right.values[index]);
  return (left.values[place] ?? '') < (right.values[place] ?? '') ? -1 : 1;
}

function toRow({ start, values, counters, traceable }: Sum, groups: readonly StatisticsGroup[]): StatisticsRow {
  const counted = Object.fromEntries(STATISTICS_COUNTERS.map((name) => [name, counters[name] ?? 0]));
  const known = counted as Record<StatisticsCounter, number>;
  return {
    ...(start === undefined ? {} : { time: timeOf(start) }),
    ...Object.fromEntries(groups.map((group, index) => [group, values[index]])),
    ...known,
    conversion: shareOf(known.approved, known.verifications),
    delivery_rate: shareOf(known.delivered, traceable),
    accepted_ms: percentilesOf(counters, 'accepted_ms'),
    delivered_ms: percentilesOf(counters, 'delivered_ms'),
  };
}

/** Null: there is nothing that it could be a share of. */
const shareOf = (part: number, whole: number) => (whole === 0 ? null : part / whole);

function percentilesOf(counters: Readonly<Record<string, number>>, latency: StatisticsLatency) {
  const p50 = latencyQuantile(counters, latency, 0.5);
  const p95 = latencyQuantile(counters, latency, 0.95);
  return p50 === null || p95 === null ? null : { p50: Math.round(p50), p95: Math.round(p95) };
}
