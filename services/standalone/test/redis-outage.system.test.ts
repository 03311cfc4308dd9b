import { setTimeout as delay } from 'node:timers/promises';
import { type OutageReport, type Platform, redisPidOf, sendThroughOutage, startPlatform } from '@watchword/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';

let platform: Platform;
beforeEach(async () => {
  platform = await startPlatform();
});
afterEach(() => platform.stop());

const STOPPED_MS = 10_000;

/** What must hold of every outage; returns the figures. */
async function expectUnharmed(report: OutageReport) {
  const { sends, from, until, recoveryMs } = report;
  const statuses = new Set(sends.map(({ answer }) => answer.status));
  const refused = sends.filter(({ answer }) => answer.status === 503);
  const arrived = new Set((await platform.inbox()).map(({ to }) => to));
  const actedLater = refused.filter(({ to }) => arrived.has(to));
  const during = sends.filter(({ startedAt }) => startedAt >= from - 500 && startedAt < until + recoveryMs);
  const figures = {
    sends: sends.length,
    refused: refused.length,
    slowestMs: Math.round(Math.max(...during.map(({ answer }) => answer.ms))),
    actedLater: actedLater.length,
    recoveryMs,
  };
  expect([...statuses].filter((status) => status !== 202 && status !== 503)).toEqual([]);
  expect(figures.refused).toBeGreaterThan(0);
  expect(figures.slowestMs).toBeLessThan(1_000);
  // Only what was committed in the instant before, without its answer; repeating it with its key finds it and sends nothing.
  for (const { to, key, startedAt } of actedLater) {
    expect(startedAt).toBeLessThanOrEqual(from);
    expect((await platform.open(to, {}, { 'idempotency-key': key })).status).toBe(202);
    expect(await platform.inbox(to)).toHaveLength(1);
  }
  expect(recoveryMs).toBeLessThan(10_000);
  return figures;
}

test('Redis stopped for 10 s under load: 503 in under 1 s, nothing refused is sent later, all that was promised is', async () => {
  const pid = redisPidOf(platform);
  const report = await sendThroughOutage(platform, async () => {
    process.kill(pid, 'SIGSTOP');
    await delay(STOPPED_MS);
    process.kill(pid, 'SIGCONT');
  });
  process.stdout.write(`Redis stopped for 10 s: ${JSON.stringify(await expectUnharmed(report))}\n`);
});

test('Redis killed under load: it is started again, and what was promised is sent', async () => {
  const report = await sendThroughOutage(platform, async () => {
    process.kill(redisPidOf(platform), 'SIGKILL');
  });
  process.stdout.write(`Redis killed: ${JSON.stringify(await expectUnharmed(report))}\n`);
});
