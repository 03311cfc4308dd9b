import { expect, test } from 'vitest';
import { latencyBucketOf, latencyCounter, latencyOfBucket, latencyQuantile } from './statistics.ts';

test('a latency is read back within 4.5 %', () => {
  for (let ms = 1; ms < 1e7; ms *= 1.0137) {
    const error = Math.abs(latencyOfBucket(latencyBucketOf(ms)) / ms - 1);
    expect(error, String(ms)).toBeLessThanOrEqual(0.045);
  }
  expect([latencyBucketOf(0), latencyBucketOf(-5)]).toEqual([0, 0]);
});

test('quantiles of a sum are those of all that was measured', () => {
  const all = Array.from({ length: 1_000 }, (_, index) => 3 * (index + 1));
  const counters: Record<string, number> = { 'delivered_ms:1': 9, accepted: 1_000 };
  for (const ms of all) {
    const name = latencyCounter('accepted_ms', ms);
    counters[name] = (counters[name] ?? 0) + 1;
  }
  for (const quantile of [0.5, 0.95, 0.99]) {
    const exact = all[Math.ceil(quantile * all.length) - 1] as number;
    const read = latencyQuantile(counters, 'accepted_ms', quantile) as number;
    expect(Math.abs(read / exact - 1), `${quantile}`).toBeLessThan(0.045);
  }
  expect(latencyQuantile(counters, 'accepted_ms', 1)).toBeCloseTo(3_000, -3);
  expect(latencyQuantile({ accepted: 3 }, 'accepted_ms', 0.5)).toBeNull();
});
