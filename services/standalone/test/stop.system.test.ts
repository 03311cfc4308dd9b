import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '@watchword/platform/redis-server';
import {
  type Child,
  eventually,
  freshNumber,
  isAlive,
  type Platform,
  redisPidOf,
  startPlatform,
} from '@watchword/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import { acceptedOf, findUndelivered, type LoadSend, startSteadyLoad } from './steady-load.ts';

const GRACE_SECONDS = 15;
const QUIET_MS = 1_500;

let platform: Platform;
afterEach(() => platform.stop());

/** Ports that stay the same when a service is started again. */
async function fixedPorts() {
  const [gatewayPort, otpPort] = [String(await freePort()), String(await freePort())];
  return { GATEWAY_PORT: gatewayPort, OTP_PORT: otpPort, OTP_URL: `http://127.0.0.1:${otpPort}` };
}

/** Ends a process by SIGTERM in the middle of 100 requests/s, starts it again, and waits for all that was accepted. */
async function stopUnderLoad(gateway: string, doomed: Child, startAgain: () => Promise<unknown>) {
  // Deliveries that are being sent when the signal comes; no receipts, which would be two more requests for each.
  await platform.setFault('twilio', { mode: 'ok', delay_ms: 200, receipt: { mode: 'no_receipt' } });
  const load = startSteadyLoad({ gateway, apiKey: platform.file.apiKey });
  await delay(QUIET_MS);
  const stoppedAt = Date.now();
  doomed.kill('SIGTERM');
  const end = await doomed.ended;
  const stopMs = Date.now() - stoppedAt;
  await delay(QUIET_MS / 3);
  await startAgain();
  await delay(QUIET_MS);
  const sends = await load.stop();
  let undelivered = acceptedOf(sends);
  await eventually('every accepted message with the provider', 20_000, async () => {
    undelivered = await findUndelivered(platform, undelivered);
    return undelivered.length === 0 ? true : undefined;
  });
  return { end, stopMs, stoppedAt, sends, output: doomed.output() };
}

function figuresOf({ end, stopMs, sends }: { end: { code: number | null }; stopMs: number; sends: LoadSend[] }) {
  const count = (matches: (send: LoadSend) => boolean) => sends.filter(matches).length;
  return {
    exitCode: end.code,
    stopMs,
    requests: sends.length,
    accepted: count(({ outcome }) => outcome.kind === 'answered' && outcome.status === 202),
    unavailable: count(({ outcome }) => outcome.kind === 'answered' && outcome.status === 503),
    refused: count(({ outcome }) => outcome.kind === 'refused'),
    unaccepted: count(({ outcome }) => outcome.kind === 'unaccepted'),
  };
}

function expectUnharmed(stopped: Awaited<ReturnType<typeof stopUnderLoad>>) {
  const { sends, stoppedAt, stopMs, end } = stopped;
  const figures = figuresOf(stopped);
  const broken = sends.flatMap(({ outcome, startedAt }) =>
    outcome.kind === 'broken' ? [`${startedAt - stoppedAt} ms after the signal: ${outcome.why}`] : [],
  );
  expect(broken).toEqual([]);
  expect(figures.accepted + figures.unavailable + figures.refused + figures.unaccepted).toBe(figures.requests);
  // It is an instant, so they are few: on a slow machine, those of 50 ms.
  expect(figures.unaccepted).toBeLessThanOrEqual(5);
  expect(sends.filter(({ startedAt, outcome }) => outcome.kind === 'refused' && startedAt < stoppedAt)).toEqual([]);
  expect(end, stopped.output).toEqual({ code: 0, signal: null });
  expect(stopMs).toBeLessThan(GRACE_SECONDS * 1_000);
  return figures;
}

describe.each([
  { service: 'gateway', refusedMax: Number.POSITIVE_INFINITY },
  { service: 'otp', refusedMax: 0 },
  { service: 'worker', refusedMax: 0 },
  { service: 'recorder', refusedMax: 0 },
  { service: 'console', refusedMax: 0 },
] as const)('SIGTERM to $service under 100 requests/s', ({ service, refusedMax }) => {
  test('no request without an answer, no message lost or doubled, exit code 0 in time', async () => {
    const env = { ...(await fixedPorts()), STOP_GRACE_SECONDS: String(GRACE_SECONDS) };
    platform = await startPlatform({ without: [service], env });
    const gateway = `http://127.0.0.1:${env.GATEWAY_PORT}`;
    const doomed = await platform.startService(service);
    const stopped = await stopUnderLoad(gateway, doomed, () => platform.startService(service));
    const figures = expectUnharmed(stopped);
    const copies = new Map<string, number>();
    for (const { to } of await platform.inbox()) copies.set(to, (copies.get(to) ?? 0) + 1);
    process.stdout.write(`SIGTERM to ${service}: ${JSON.stringify(figures)}\n`);
    expect([...copies.values()].filter((count) => count > 1)).toEqual([]);
    expect(figures.refused).toBeLessThanOrEqual(refusedMax);
    // And nobody has what they would have brought.
    const unaccepted = stopped.sends.filter(({ outcome }) => outcome.kind === 'unaccepted');
    expect(unaccepted.filter(({ to }) => copies.has(to))).toEqual([]);
  });
});

test('SIGTERM to the whole platform under 100 requests/s: the same, and its Redis ends with it', async () => {
  const env = { ...(await fixedPorts()), STOP_GRACE_SECONDS: String(GRACE_SECONDS) };
  platform = await startPlatform({ env });
  const redisPid = redisPidOf(platform);
  let redisLives = true;
  const stopped = await stopUnderLoad(platform.file.gateway ?? '', platform.standalone, () => {
    redisLives = isAlive(redisPid);
    return platform.startService('standalone');
  });
  process.stdout.write(`SIGTERM to standalone: ${JSON.stringify(expectUnharmed(stopped))}\n`);
  expect(redisLives).toBe(false);
});

test('what does not end within the grace time is named, and the exit code is 1', async () => {
  // Given up in the meantime, the call would have ended in time.
  const env = { STOP_GRACE_SECONDS: '3', PROVIDER_TIMEOUT_MS: '30000' };
  platform = await startPlatform({ without: ['worker'], env });
  const worker = await platform.startService('worker');
  await platform.setFault('twilio', { mode: 'hang' });
  const { body } = await platform.open(freshNumber());
  await eventually('the delivery being sent', 5_000, async () => {
    const view = await platform.call('GET', `/v1/verifications/${body.id}`);
    return view.body.deliveries[0]?.status === 'sending' ? true : undefined;
  });
  worker.kill('SIGTERM');
  expect(await worker.ended).toEqual({ code: 1, signal: null });
  expect(worker.output()).toContain('Not ended within 3 s: 1 deliveries that are being sent.');
  await platform.clearFaults();
});
