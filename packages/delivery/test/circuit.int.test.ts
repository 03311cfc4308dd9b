import { randomUUID } from 'node:crypto';
import { connectRedis, createLogger, type RedisConnection, Secret } from '@watchword/platform';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { type Circuit, createCircuit, type OpenCircuit, type Permission } from '../src/index.ts';

const OPEN_MS = 5_000;
const PROBE_LEASE_MS = 7_000;

describe('the circuit of a provider', () => {
  let redis: RedisConnection;
  let circuit: Circuit;
  let provider: string;
  let now: number;

  beforeAll(async () => {
    const logger = createLogger({ service: 'test', level: 'silent' });
    redis = await connectRedis({
      url: new Secret(inject('redisUrl')),
      name: 'circuit-test',
      profile: 'worker',
      logger,
    });
    circuit = createCircuit({ redis, clock: { now: () => now }, probeLeaseMs: PROBE_LEASE_MS, openMs: OPEN_MS });
  });
  afterAll(async () => {
    for (const name of used) await redis.del(`ww:{h:${name}}`);
    redis.disconnect();
  });
  const used: string[] = [];
  beforeEach(() => {
    now = 1_800_000_000_000;
    provider = `test-${randomUUID()}`;
    used.push(provider);
  });

  async function permitted(): Promise<Permission> {
    const permission = await circuit.permit(provider);
    if (permission.state === 'open') throw new Error('The circuit is open');
    return permission;
  }
  async function fail(times: number): Promise<string[]> {
    const kinds: string[] = [];
    for (let time = 0; time < times; time += 1) {
      kinds.push((await circuit.record(await permitted(), 'unhealthy')).kind);
      now += 100;
    }
    return kinds;
  }
  async function openIt(): Promise<void> {
    expect((await fail(5)).at(-1)).toBe('opened');
  }
  const stateNow = async () => (await circuit.permit(provider)).state;

  test('opens after 5 failures in a row and says how long that took', async () => {
    expect(await fail(4)).toEqual(['none', 'none', 'none', 'none']);
    expect(await circuit.record(await permitted(), 'unhealthy')).toEqual({ kind: 'opened', ms: 400 });
    expect(await circuit.permit(provider)).toEqual({ state: 'open', provider, retryAt: now + OPEN_MS });
  });

  test('does not open when a success interrupts the run, or for bad numbers', async () => {
    await fail(4);
    await circuit.record(await permitted(), 'healthy');
    await fail(4);
    for (let time = 0; time < 10; time += 1) await circuit.record(await permitted(), 'neutral');
    expect(await stateNow()).toBe('closed');
    expect((await circuit.record(await permitted(), 'unhealthy')).kind).toBe('opened');
  });

  test('stays open for its time, then grants at most 2 probes among 20 callers', async () => {
    await openIt();
    now += OPEN_MS - 101;
    expect(await stateNow()).toBe('open');
    now += 1;
    const all = await Promise.all(Array.from({ length: 20 }, () => circuit.permit(provider)));
    expect(all.filter(({ state }) => state === 'probe')).toHaveLength(2);
    expect(all.filter(({ state }) => state === 'open')).toHaveLength(18);
  });

  test('closes on one good probe, and says how long it was open', async () => {
    await openIt();
    now += OPEN_MS;
    const probe = await permitted();
    expect(probe.state).toBe('probe');
    expect(await circuit.record(probe, 'healthy')).toEqual({ kind: 'closed', ms: OPEN_MS + 100 });
    expect(await stateNow()).toBe('closed');
    expect(await fail(4)).not.toContain('opened');
  });

  test('reopens on a bad probe for another full time', async () => {
    await openIt();
    now += OPEN_MS;
    expect(await circuit.record(await permitted(), 'unhealthy')).toEqual({ kind: 'reopened', ms: OPEN_MS + 100 });
    now += OPEN_MS - 1;
    expect(await stateNow()).toBe('open');
    now += 1;
    expect(await stateNow()).toBe('probe');
  });

  test('gives a probe back when its number was bad', async () => {
    await openIt();
    now += OPEN_MS;
    const probes = [await permitted(), await permitted()] as const;
    expect(await stateNow()).toBe('open');
    await circuit.record(probes[0], 'neutral');
    expect(await stateNow()).toBe('probe');
    expect(await stateNow()).toBe('open');
  });

  test("frees a dead worker's probe when its lease has ended, and voids its late result", async () => {
    await openIt();
    now += OPEN_MS;
    const dead = await permitted();
    await permitted();
    now += PROBE_LEASE_MS - 1;
    expect(await circuit.permit(provider)).toEqual({ state: 'open', provider, retryAt: now + 1 } satisfies OpenCircuit);
    now += 1;
    const heir = await permitted();
    expect(heir.state).toBe('probe');
    expect((await circuit.record(dead, 'unhealthy')).kind).toBe('stale');
    expect((await circuit.record(heir, 'healthy')).kind).toBe('closed');
  });

  test('is not closed by a late success, nor prolonged by a late failure', async () => {
    const early = [await permitted(), await permitted(), await permitted()] as const;
    await openIt();
    const { retryAt } = (await circuit.permit(provider)) as OpenCircuit;
    expect((await circuit.record(early[0], 'healthy')).kind).toBe('stale');
    expect((await circuit.record(early[1], 'unhealthy')).kind).toBe('stale');
    expect(await circuit.permit(provider)).toEqual({ state: 'open', provider, retryAt });
    now = retryAt;
    const probe = await permitted();
    expect((await circuit.record(early[2], 'unhealthy')).kind).toBe('stale');
    expect((await circuit.record(probe, 'healthy')).kind).toBe('closed');
  });

  test('of two probes the first to end decides', async () => {
    await openIt();
    now += OPEN_MS;
    const [first, second] = [await permitted(), await permitted()];
    expect((await circuit.record(first, 'healthy')).kind).toBe('closed');
    expect((await circuit.record(second, 'unhealthy')).kind).toBe('stale');
    expect(await stateNow()).toBe('closed');
  });

  test('opens once when failures race', async () => {
    const permissions = await Promise.all(Array.from({ length: 50 }, () => permitted()));
    const kinds = await Promise.all(permissions.map((permission) => circuit.record(permission, 'unhealthy')));
    expect(kinds.filter(({ kind }) => kind === 'opened')).toHaveLength(1);
    expect(kinds.filter(({ kind }) => kind === 'stale')).toHaveLength(45);
  });

  test('keeps providers apart', async () => {
    await openIt();
    const other = `test-${randomUUID()}`;
    used.push(other);
    expect((await circuit.permit(other)).state).toBe('closed');
  });
});
