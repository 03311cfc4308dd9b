import { setTimeout as delay } from 'node:timers/promises';
import { eventually, freshNumber, type Platform, percentile, startPlatform } from '@watchword/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform({ env: { PROVIDER_TIMEOUT_MS: '2000', CIRCUIT_RECOVERY_MS: '1000' } });
});
afterAll(() => platform.stop());

async function attemptsOf(id: string) {
  const { body } = await platform.timeline(id);
  return body.events.flatMap(({ type, data }) => (type === 'attempt.settled' ? [data] : []));
}

/** Sends until the primary takes all messages again: its circuit never opened, or has closed since. */
async function waitForPrimary(): Promise<void> {
  await platform.clearFaults();
  await eventually('the primary back', 30_000, async () => {
    const to = freshNumber();
    await platform.open(to);
    const { provider } = await platform.waitForMessage(to);
    const latest = circuitLines().at(-1);
    return provider === 'twilio' && (latest?.includes('circuit closed') ?? true) ? true : undefined;
  });
}

/** What the worker logged of the primary's circuit. */
function circuitLines(from = 0): string[] {
  const lines = platform.standalone.output().slice(from).split('\n');
  return lines.filter((line) => line.includes('"msg":"circuit ') && line.includes('"provider":"twilio"'));
}

describe.each([
  { mode: 'down', outcome: 'transient' },
  { mode: 'hang', outcome: 'unknown' },
  { mode: 'throttle', outcome: 'transient', provider_code: '20429' },
  { mode: 'auth', outcome: 'rejected', class: 'configuration', provider_code: '20003' },
  { mode: 'reset', outcome: 'unknown' },
])('primary in fault mode $mode', ({ mode, ...reason }) => {
  test('the message arrives through the secondary; the timeline shows both attempts with reasons', async () => {
    await waitForPrimary();
    await platform.setFault('twilio', { mode });
    const to = freshNumber();
    const { body } = await platform.open(to);
    expect(await platform.waitForMessage(to)).toMatchObject({ provider: 'vonage' });
    const attempts = await eventually('both attempts settled', 5_000, async () => {
      const settled = await attemptsOf(body.id);
      return settled.length === 2 ? settled : undefined;
    });
    expect(attempts).toMatchObject([
      { provider: 'twilio', ...reason },
      { provider: 'vonage', outcome: 'accepted' },
    ]);
    await waitForPrimary();
  });
});

test('a lost answer is unknown: the code is sent again through the secondary, the same code', async () => {
  await waitForPrimary();
  await platform.setFault('twilio', { mode: 'lost_answer' });
  const to = freshNumber();
  await platform.open(to);
  await platform.waitForMessage(to, 10_000, 2);
  const messages = await platform.inbox(to);
  expect(messages.map(({ provider }) => provider)).toEqual(['vonage', 'twilio']);
  expect(new Set(messages.map(({ code }) => code)).size).toBe(1);
});

test('a bad number does not fail over and leaves the health alone', async () => {
  await waitForPrimary();
  await platform.setFault('twilio', { mode: 'reject' });
  for (let count = 0; count < 8; count += 1) {
    const { body } = await platform.open(freshNumber());
    const attempts = await eventually('the attempt settled', 5_000, async () => {
      const settled = await attemptsOf(body.id);
      return settled.length > 0 ? settled : undefined;
    });
    expect(attempts).toMatchObject([
      { provider: 'twilio', outcome: 'rejected', class: 'destination', provider_code: '21211' },
    ]);
    expect((await platform.call('GET', `/v1/verifications/${body.id}`)).body).toMatchObject({
      undeliverable: true,
      deliveries: [{ status: 'failed' }],
    });
  }
  await platform.clearFaults();
  const to = freshNumber();
  await platform.open(to);
  expect((await platform.waitForMessage(to)).provider).toBe('twilio');
});

test('both providers down: the delivery is tried again while the code is worth something', async () => {
  await platform.setFault('twilio', { mode: 'down' });
  await platform.setFault('vonage', { mode: 'down' });
  const to = freshNumber();
  const { body } = await platform.open(to);
  await eventually('two attempts settled', 5_000, async () =>
    (await attemptsOf(body.id)).length >= 2 ? true : undefined,
  );
  await platform.clearFaults();
  expect(await platform.waitForMessage(to, 15_000)).toMatchObject({ to });
});

describe.each([{ mode: 'down' }, { mode: 'hang' }])('primary $mode under load', ({ mode }) => {
  test('the circuit opens, delivery through the secondary is fast then, and the primary returns by itself', async () => {
    await waitForPrimary();
    const before = await measureLatencies(40);
    const logFrom = platform.standalone.output().length;
    await platform.setFault('twilio', { mode });
    const [during] = await Promise.all([
      measureLatencies(20),
      eventually('an open circuit', 15_000, async () => openedIn(logFrom)),
    ]);
    const after = await measureLatencies(40);
    const figures = {
      first_failure_to_open_ms: openedIn(logFrom),
      p95_before_ms: Math.round(percentile(before, 0.95)),
      p95_until_detected_ms: Math.round(percentile(during, 0.95)),
      p95_after_ms: Math.round(percentile(after, 0.95)),
    };
    expect(figures.first_failure_to_open_ms).toEqual(expect.any(Number));
    process.stdout.write(`failover, primary ${mode}: ${JSON.stringify(figures)}\n`);
    expect(figures.p95_after_ms).toBeLessThan(2_000);
    await waitForPrimary();
  });
});

/** Milliseconds from the first failure to the open circuit, as the worker logged it. */
function openedIn(from: number): number | undefined {
  const line = circuitLines(from).find((candidate) => candidate.includes('"msg":"circuit opened"'));
  return line === undefined ? undefined : Number(/"ms_since_first_failure":(\d+)/.exec(line)?.[1]);
}

/** Sends one message each 50 ms; milliseconds from the call to the inbox, which is asked for all of them at once. */
async function measureLatencies(count: number): Promise<number[]> {
  const sentAt = new Map<string, number>();
  const sends = Array.from({ length: count }, async (_, index) => {
    await delay(index * 50);
    const to = freshNumber();
    sentAt.set(to, Date.now());
    expect((await platform.open(to)).status).toBe(202);
  });
  await Promise.all(sends);
  return eventually(`${count} messages`, 20_000, async () => {
    const arrived = new Map((await platform.inbox()).map(({ to, at }) => [to, Date.parse(at)]));
    const latencies = [...sentAt].flatMap(([to, at]) => (arrived.has(to) ? [(arrived.get(to) ?? 0) - at] : []));
    return latencies.length === count ? latencies : undefined;
  });
}
