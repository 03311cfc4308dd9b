/**
 * What is counted of deliveries, by the minute and the day (UTC) in which a delivery was queued, whenever it came about: a
 * row tells what became of one cohort. An attempt counts once it is settled, if a provider was called or may have been.
 *
 * `sent` = `accepted` + `rejected` + `failed` + `unknown`; `delivered` + `undelivered` ≤ `sent`; `approved` ≤ `verifications`.
 */
export const STATISTICS_COUNTERS = [
  /** Attempts that called a provider, or whose worker died when it may have. */
  'sent',
  /** Attempts that a provider took. */
  'accepted',
  /** Attempts that a provider refused for good: a bad number, a wrong password, a forbidden text. */
  'rejected',
  /** Attempts that failed on the way: refused connections, 5xx, throttling. */
  'failed',
  /** Attempts of whose outcome nobody knows; receipts may tell more. */
  'unknown',
  /** Attempts whose receipt says that the message arrived. */
  'delivered',
  /** Attempts whose receipt says that it did not, and no later one that it did. */
  'undelivered',
  /**
   * Verifications, each where that delivery of its newest send is that got furthest (arrived, else taken, else the newest), under
   * the provider that took it (else the last that was tried).
   */
  'verifications',
  /** Those of them that were approved. */
  'approved',
  /** What the attempts cost, in millionths of the platform's currency. */
  'cost_micros',
] as const;
export type StatisticsCounter = (typeof STATISTICS_COUNTERS)[number];

/** Milliseconds since the delivery was queued. Each is a histogram, whose counters are named `<latency>:<bucket>`. */
export const STATISTICS_LATENCIES = [
  /** Of accepted attempts, until they were settled. */
  'accepted_ms',
  /** Of delivered attempts, until the receipt that says so. */
  'delivered_ms',
] as const;
export type StatisticsLatency = (typeof STATISTICS_LATENCIES)[number];

export type StatisticsCounters = Readonly<Record<string, number>>;

/** What a row is about. Empty text stands for what is not known: no provider was tried yet, the text is the shipped one. */
export const STATISTICS_DIMENSIONS = [
  'project',
  'mode',
  'channel',
  'provider',
  'country',
  'purpose',
  'template',
] as const;
export type StatisticsDimension = (typeof STATISTICS_DIMENSIONS)[number];

export const STATISTICS_RESOLUTIONS = { minute: 60_000, day: 86_400_000 } as const;
export type StatisticsResolution = keyof typeof STATISTICS_RESOLUTIONS;

const BUCKETS_PER_DOUBLING = 8;

/** Bucket k stands for 2^(k/8) ms: what is read from it is within ±4.5 % of what was measured (less than 1 ms counts as 1). */
export const latencyBucketOf = (ms: number): number => Math.round(BUCKETS_PER_DOUBLING * Math.log2(Math.max(1, ms)));

export const latencyOfBucket = (bucket: number): number => 2 ** (bucket / BUCKETS_PER_DOUBLING);

export const latencyCounter = (latency: StatisticsLatency, ms: number) => `${latency}:${latencyBucketOf(ms)}`;

/** The latency, in ms, that this share of all (0 to 1) did not exceed; null when there is none. */
export function latencyQuantile(
  counters: StatisticsCounters,
  latency: StatisticsLatency,
  quantile: number,
): number | null {
  const prefix = `${latency}:`;
  const buckets = Object.entries(counters)
    .filter(([name, count]) => name.startsWith(prefix) && count > 0)
    .map(([name, count]) => ({ bucket: Number(name.slice(prefix.length)), count }))
    .toSorted((left, right) => left.bucket - right.bucket);
  const total = buckets.reduce((sum, { count }) => sum + count, 0);
  let seen = 0;
  for (const { bucket, count } of buckets) {
    seen += count;
    if (seen >= quantile * total) return latencyOfBucket(bucket);
  }
  return null;
}
