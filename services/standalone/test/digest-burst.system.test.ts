import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { freePort } from '@watchword/platform/redis-server';
import { type Answer, type Child, freshNumber, type Platform, percentile, startPlatform } from '@watchword/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

const DIGEST_KIB = 19_456;
/** As many as fit into 64 MiB, and no fewer than cores. */
const DIGESTS_AT_A_TIME = Math.max(3, availableParallelism());
/** What Node and 400 connections may take beside the digests. */
const SLACK_MIB = 80;

let platform: Platform;
let otp: Child;
beforeAll(async () => {
  const port = String(await freePort());
  platform = await startPlatform({
    without: ['otp'],
    env: {
      OTP_PORT: port,
      OTP_URL: `http://127.0.0.1:${port}`,
      CODE_DIGEST_MEMORY_KIB: String(DIGEST_KIB),
      // So that nothing but the pool bounds how many run at once, and what one has freed serves the next: glibc would keep
      // the last digest's memory for each of these threads.
      UV_THREADPOOL_SIZE: '32',
      MALLOC_ARENA_MAX: '2',
    },
  });
  otp = await platform.startService('otp');
});
afterAll(() => platform.stop());

const mibOf = (field: string) =>
  Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${otp.pid}/status`, 'utf8'))?.[1]) / 1024;
/** The peak counts anew from here: proc(5), clear_refs. */
const forgetPeak = () => writeFileSync(`/proc/${otp.pid}/clear_refs`, '5');

async function metricOf(name: string): Promise<number> {
  const [, url = ''] = /^ready .* metrics (\S+)$/m.exec(otp.output()) ?? [];
  const text = await (await fetch(url)).text();
  return Number(new RegExp(`^${name}\\{.*\\} (\\S+)$`, 'm').exec(text)?.[1]);
}

async function burst(size: number, check: () => Promise<Answer>) {
  const before = mibOf('VmRSS');
  forgetPeak();
  const answers = await Promise.all(Array.from({ length: size }, check));
  const peak = mibOf('VmHWM');
  const judged = answers.filter(({ status }) => status === 200);
  const refused = answers.filter(({ status }) => status === 503);
  const slowest = Math.max(...answers.map(({ ms }) => ms));
  const [p50 = 0, last = 0] = [0.5, 1].map((share) =>
    percentile(
      refused.map(({ ms }) => ms),
      share,
    ),
  );
  process.stdout.write(
    `${size} checks at once: ${judged.length} judged, ${refused.length} × 503 (p50 ${p50.toFixed()}, last ${last.toFixed()} ms), ` +
      `slowest ${slowest.toFixed()} ms; RSS ${before.toFixed()} → peak ${peak.toFixed()} MiB\n`,
  );
  expect(judged.length).toBeGreaterThan(0);
  expect(judged.length + refused.length).toBe(size);
  expect(refused.every(({ headers }) => headers.get('retry-after') === '1')).toBe(true);
  expect(peak).toBeLessThan(before + (DIGESTS_AT_A_TIME * DIGEST_KIB) / 1024 + SLACK_MIB);
  return refused.length;
}

/** How many checks the gateway answered, and how many of them within a second of their arrival there. */
async function readAnswered() {
  const text = await (await fetch(platform.file.metrics.gateway ?? '')).text();
  const sum = (name: string, label = '') =>
    [...text.matchAll(new RegExp(`^watchword_http_request_duration_seconds_${name}\\{(.*)\\} (\\d+)$`, 'gm'))]
      .filter(([, labels = '']) => labels.includes('/check"') && labels.includes(label))
      .reduce((total, [, , count]) => total + Number(count), 0);
  return { all: sum('count'), withinASecond: sum('bucket', 'le="1"') };
}

test('bursts of checks at 19 MiB each take bounded memory; who cannot be served in time hears so at once', async () => {
  const { body } = await platform.open(freshNumber());
  // Another binding uses up no check, and costs a digest all the same.
  const check = () => platform.check(body.id, 'AAAAAAAAAA', { binding: { amount: '1' } });
  expect((await check()).body.result).toBe('binding_mismatch');

  await burst(100, check);
  expect(await burst(400, check)).toBeGreaterThan(0);
  // Seen from the gateway: that many at once also keep the caller's own process busy.
  expect(await readAnswered()).toEqual({ all: 501, withinASecond: 501 });

  expect(await metricOf('watchword_digest_pool_refused_total')).toBeGreaterThan(0);
  expect((await check()).status).toBe(200);
  expect(await metricOf('watchword_digest_pool_digests')).toBe(0);
});
