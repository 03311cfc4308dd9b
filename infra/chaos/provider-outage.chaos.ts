import { circuitKeyOf, createCircuit } from '@watchword/delivery';
import { connectRedis, createLogger, type RedisConnection, Secret } from '@watchword/platform';
import {
  type Fleet,
  type Platform,
  sendThroughFlappingProvider,
  sendThroughProviderOutage,
  startFleet,
  startPlatform,
} from '@watchword/testkit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

const WORKERS = 20;
const SENDS_PER_SECOND = 30;
const PROVIDER_TIMEOUT_MS = 2_000;
const PRIMARY = circuitKeyOf({ name: 'twilio', mode: 'test' });

let platform: Platform;
let fleet: Fleet;
let redis: RedisConnection;

beforeAll(async () => {
  platform = await startPlatform({
    without: ['worker'],
    env: { PROVIDER_TIMEOUT_MS: String(PROVIDER_TIMEOUT_MS) },
  });
  const logger = createLogger({ service: 'test', level: 'silent' });
  redis = await connectRedis({ url: new Secret(platform.file.redis), name: 'test', profile: 'worker', logger });
  const circuit = createCircuit({ redis, clock: { now: Date.now }, probeLeaseMs: 0 });
  fleet = await startFleet(platform, () => circuit.read(PRIMARY), WORKERS);
});
afterAll(async () => {
  (redis as RedisConnection | undefined)?.disconnect();
  await (fleet as Fleet | undefined)?.carrier.stop();
  await platform.stop();
});
// Each outage is the first: an opening soon after another lasts longer.
beforeEach(async () => {
  await redis.del(`ww:{h:${PRIMARY}}`);
});

test.each([{ mode: 'down' }, { mode: 'hang' }])(`${WORKERS} workers, primary $mode for 20 s`, async (fault) => {
  const report = await sendThroughProviderOutage(fleet, {
    fault,
    outageMs: 20_000,
    sendsPerSecond: SENDS_PER_SECOND,
    providerTimeoutMs: PROVIDER_TIMEOUT_MS,
    backMs: 90_000,
  });
  process.stdout.write(`${WORKERS} workers, primary ${fault.mode} for 20 s: ${JSON.stringify(report, null, 2)}\n`);
  expect(report.probes).toBeGreaterThan(0);
  expect(report.probes_at_once_at_carrier).toBeLessThanOrEqual(2);
  expect(report.probes_at_once_in_redis).toBeLessThanOrEqual(2);
  expect(report.p95_secondary_ms).toBeLessThan(2_000);
  expect(report.through_primary_after).toBeGreaterThan(0);
  // Open for 5, 10 and 20 s, half open after each, then back once.
  expect(report.transitions.length).toBeLessThanOrEqual(8);
  expect(report.transitions.filter((to) => to.startsWith('recovering'))).toHaveLength(1);
  expect(report.transitions.at(-1)).toBe('closed (recovered)');
});

test(`${WORKERS} workers, a primary that goes down and up every 3 s for 48 s does not make them flap`, async () => {
  const report = await sendThroughFlappingProvider(fleet, {
    fault: { mode: 'down' },
    phaseMs: 3_000,
    phases: 16,
    sendsPerSecond: SENDS_PER_SECOND,
  });
  process.stdout.write(`${WORKERS} workers, flapping primary: ${JSON.stringify(report, null, 2)}\n`);
  // The provider moved 16 times. Each opening lasts twice as long as the one before, so there is room for 4 at most.
  expect(report.transitions.filter((to) => to.startsWith('open')).length).toBeLessThanOrEqual(4);
  expect(report.transitions.length).toBeLessThanOrEqual(13);
});
