import { circuitKeyOf, createCircuit } from '@watchword/delivery';
import { connectRedis, createLogger, type RedisConnection, Secret } from '@watchword/platform';
import { type Fleet, type Platform, sendThroughProviderOutage, startFleet, startPlatform } from '@watchword/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

const PROVIDER_TIMEOUT_MS = 600;
const OPEN_MS = 1_000;
const RECOVERY_MS = 3_000;

let platform: Platform;
let fleet: Fleet;
let redis: RedisConnection;

beforeAll(async () => {
  platform = await startPlatform({
    without: ['worker'],
    env: {
      PROVIDER_TIMEOUT_MS: String(PROVIDER_TIMEOUT_MS),
      CIRCUIT_OPEN_MS: String(OPEN_MS),
      CIRCUIT_RECOVERY_MS: String(RECOVERY_MS),
    },
  });
  const logger = createLogger({ service: 'test', level: 'silent' });
  redis = await connectRedis({ url: new Secret(platform.file.redis), name: 'test', profile: 'worker', logger });
  const circuit = createCircuit({
    redis,
    clock: { now: Date.now },
    probeLeaseMs: 0,
    openMs: OPEN_MS,
    recoveryMs: RECOVERY_MS,
  });
  fleet = await startFleet(platform, () => circuit.read(circuitKeyOf({ name: 'twilio', mode: 'test' })), 4);
});
afterAll(async () => {
  (redis as RedisConnection | undefined)?.disconnect();
  await (fleet as Fleet | undefined)?.carrier.stop();
  await platform.stop();
});

test('4 workers lead around a primary that hangs, probe it at most twice at a time, and go back without flapping', async () => {
  const report = await sendThroughProviderOutage(fleet, {
    fault: { mode: 'hang' },
    outageMs: 6_000,
    sendsPerSecond: 20,
    providerTimeoutMs: PROVIDER_TIMEOUT_MS,
    backMs: 20_000,
  });
  process.stdout.write(`provider outage, 4 workers: ${JSON.stringify(report)}\n`);
  expect(report.probes).toBeGreaterThan(0);
  expect(report.probes_at_once_at_carrier).toBeLessThanOrEqual(2);
  expect(report.probes_at_once_in_redis).toBeLessThanOrEqual(2);
  expect(report.p95_secondary_ms).toBeLessThan(2_000);
  expect(report.through_primary_after).toBeGreaterThan(0);
  // Opened, and again after 1, 2 and at most 4 s; then back once.
  expect(report.transitions.length).toBeLessThanOrEqual(10);
  expect(report.transitions.slice(-3)).toEqual([
    'half_open (open_time_over)',
    'recovering (probes_good)',
    'closed (recovered)',
  ]);
  expect(report.transitions.filter((to) => to.startsWith('recovering'))).toHaveLength(1);
});
