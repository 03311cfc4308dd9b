import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type Child, eventually, freshNumber, openPatiently, type Platform, startPlatform } from '@watchword/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

const PER_SECOND = 10;
const SECONDS = 30;
const WORKERS = 4;

/** In place of the sandbox: it does nothing but note when it is called, so that what is seen is the workers' doing. */
const calls: number[] = [];
const workers: Child[] = [];
let carrier: Server;
let platform: Platform;
beforeAll(async () => {
  carrier = createServer((request, response) => {
    calls.push(performance.now());
    request.resume();
    response.writeHead(201, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ sid: `SM${calls.length}`, status: 'queued' }));
  });
  await new Promise<void>((resolve) => carrier.listen(0, '127.0.0.1', resolve));
  platform = await startPlatform({
    without: ['worker'],
    env: { SMS_PROVIDERS: 'twilio', TWILIO_SENDS_PER_SECOND: String(PER_SECOND) },
  });
  const SANDBOX_URL = `http://127.0.0.1:${(carrier.address() as AddressInfo).port}`;
  for (let started = 0; started < WORKERS; started += 1) {
    workers.push(await platform.startService('worker', { SANDBOX_URL }));
  }
});
afterAll(async () => {
  carrier.closeAllConnections();
  carrier.close();
  await platform.stop();
});

/** By how much a worker's event loop was late at most since this was last asked. A call may have left as late. */
async function workersLateMs(): Promise<number> {
  const lates = workers.map(async (worker) => {
    const [, url = ''] = / metrics (\S+)$/m.exec(worker.output()) ?? [];
    const exposed = await (await fetch(url)).text();
    const [, seconds] = /^nodejs_eventloop_lag_max_seconds(?:\{.*\})? (\S+)$/m.exec(exposed) ?? [];
    return Number(seconds) * 1_000;
  });
  return Math.max(...(await Promise.all(lates)));
}

async function openSurely(number: string): Promise<void> {
  expect((await openPatiently(platform, number)).answer.status).toBe(202);
}

test(`a provider capped at ${PER_SECOND} messages/s gets no more over ${SECONDS} s from ${WORKERS} workers, and the queue drains`, async () => {
  const numbers = Array.from({ length: PER_SECOND * SECONDS }, freshNumber);
  // This process is late itself now and then: by so much, two calls may have been further apart than it saw them.
  const own = monitorEventLoopDelay({ resolution: 5 });
  own.enable();
  await workersLateMs();
  // Faster than the provider may be called, and no burst that otp would shed; what a busy machine refuses is repeated.
  for (let from = 0; from < numbers.length; from += PER_SECOND) {
    await Promise.all(numbers.slice(from, from + PER_SECOND).map(openSurely));
  }
  await eventually('every message', (SECONDS + 20) * 1_000, async () => calls.length >= numbers.length || undefined);
  own.disable();
  const lateMs = own.max / 1e6 + (await workersLateMs());
  const tookMs = Math.round((calls.at(-1) ?? 0) - (calls[0] ?? 0));
  const spans = calls.slice(PER_SECOND).map((at, index) => at - (calls[index] ?? 0));
  const shortestMs = Math.min(...spans);
  const worstSecond = Math.max(...calls.map((from) => calls.filter((at) => at >= from && at < from + 1_000).length));
  process.stdout.write(
    `send rate: ${calls.length} messages in ${tookMs} ms, at most ${worstSecond} in a second, ${PER_SECOND + 1} in no less than ${Math.round(shortestMs)} ms (made and seen at most ${Math.round(lateMs)} ms late)\n`,
  );
  expect(calls).toHaveLength(numbers.length);
  expect(tookMs).toBeGreaterThan((SECONDS - 1) * 1_000);
  expect(shortestMs).toBeGreaterThanOrEqual(1_000 - lateMs);
}, 120_000);
