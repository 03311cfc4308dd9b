import { randomUUID } from 'node:crypto';
import type { RedisConnection } from '@watchword/platform';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  type Circuit,
  type Counted,
  circuitKeyOf,
  createCircuit,
  type Health,
  type OpenCircuit,
  type Permission,
  type Transition,
} from '../src/index.ts';
import { connectedRedis } from './connected-redis.ts';

const OPEN_MS = 5_000;
const OPEN_MS_MAX = 60_000;
const RECOVERY_MS = 20_000;
const SLOW_MS = 2_000;
const PROBE_LEASE_MS = 7_000;

let redis: RedisConnection;
let circuit: Circuit;
let provider: string;
let now: number;
const used: string[] = [];

beforeAll(async () => {
  redis = await connectedRedis('circuit-test');
  circuit = createCircuit({
    redis,
    clock: { now: () => now },
    probeLeaseMs: PROBE_LEASE_MS,
    slowMs: SLOW_MS,
    openMs: OPEN_MS,
    recoveryMs: RECOVERY_MS,
  });
});
afterAll(async () => {
  for (const name of used) await redis.del(`ww:{h:${name}}`);
  redis.disconnect();
});
beforeEach(() => {
  now = 1_800_000_000_000;
  useProvider();
});

function useProvider(): void {
  provider = `test-${randomUUID()}`;
  used.push(provider);
}

async function permitted(): Promise<Permission> {
  const permission = await circuit.permit(provider);
  if (permission.state === 'open') throw new Error('The circuit is open');
  return permission;
}

type Shown = Health | 'slow';

/** One permitted call for each word, with `stepMs` between them; what became of each. */
async function call(shown: readonly Shown[], stepMs = 0): Promise<(Counted | Transition['reason'])[]> {
  const results: (Counted | Transition['reason'])[] = [];
  for (const word of shown) {
    const [health, ms] = word === 'slow' ? (['healthy', SLOW_MS + 1] as const) : ([word, SLOW_MS] as const);
    const counted = await circuit.record(await permitted(), health, ms);
    results.push(typeof counted === 'string' ? counted : counted.reason);
    now += stepMs;
  }
  return results;
}
const times = (count: number, ...words: Shown[]): Shown[] => Array.from({ length: count }, () => words).flat();
const stateNow = async () => (await circuit.permit(provider)).state;
const openNow = async () => (await circuit.permit(provider)) as OpenCircuit;

async function openIt(): Promise<void> {
  expect((await call(times(5, 'unhealthy'))).at(-1)).toBe('failures_in_row');
}

async function openAndHalfOpen(): Promise<void> {
  await openIt();
  now += OPEN_MS;
}

async function recover(): Promise<void> {
  await openAndHalfOpen();
  expect(await call(times(3, 'healthy'))).toEqual(['counted', 'counted', 'probes_good']);
}

async function closeAgain(): Promise<void> {
  await recover();
  now += RECOVERY_MS;
  expect(await stateNow()).toBe('closed');
}

/** How long it is open, by asking. */
async function openMsNow(): Promise<number> {
  const { state, retryAt } = await openNow();
  expect(state).toBe('open');
  return retryAt - now;
}

describe('a closed circuit', () => {
  test('opens after 5 failures in a row and says how long that took', async () => {
    expect(await call(times(4, 'unhealthy'), 100)).toEqual(times(4, 'unhealthy').map(() => 'counted'));
    expect(await circuit.record(await permitted(), 'unhealthy')).toEqual({
      from: 'closed',
      to: 'open',
      reason: 'failures_in_row',
      ms: 400,
    });
    expect(await circuit.permit(provider)).toEqual({ state: 'open', provider, retryAt: now + OPEN_MS });
  });

  test('starts a new run when a success comes between, and none for bad numbers', async () => {
    await call(times(4, 'unhealthy'));
    await call(['healthy']);
    await call(times(4, 'unhealthy'));
    expect(new Set(await call(times(30, 'neutral')))).toEqual(new Set(['counted']));
    expect(await circuit.read(provider)).toMatchObject({ state: 'closed', calls: 9, failures: 8 });
    expect(await call(['unhealthy'])).toEqual(['failures_in_row']);
  });

  test('opens when half of 20 calls failed, and not at 19 calls', async () => {
    expect(new Set(await call([...times(9, 'unhealthy', 'healthy'), 'unhealthy'], 100))).toEqual(new Set(['counted']));
    expect(await circuit.read(provider)).toMatchObject({ state: 'closed', calls: 19, failures: 10 });
    expect(await circuit.record(await permitted(), 'healthy')).toEqual({
      from: 'closed',
      to: 'open',
      reason: 'failure_rate',
      ms: 1_900,
    });
  });

  test('stays closed at just less than half of any number of calls', async () => {
    await call(times(2, 'healthy'));
    expect(new Set(await call(times(60, 'healthy', 'unhealthy'), 10))).toEqual(new Set(['counted']));
  });

  test('forgets a call after 10 s and not a second sooner', async () => {
    now += 999;
    await call(times(10, 'healthy', 'unhealthy').slice(0, 19));
    now += 9_000;
    expect(await circuit.read(provider)).toMatchObject({ calls: 19, failures: 9 });
    now += 1;
    expect(await circuit.read(provider)).toMatchObject({ calls: 0, failures: 0 });
    expect(await call(['unhealthy'])).toEqual(['counted']);
  });

  test('lets its window slide: old successes no longer hide new failures', async () => {
    await call(times(40, 'healthy'));
    now += 5_000;
    expect(new Set(await call(times(12, 'healthy', 'unhealthy')))).toEqual(new Set(['counted']));
    now += 5_000;
    expect((await call(['unhealthy'])).at(-1)).toBe('failure_rate');
  });

  test('keeps no more than ten seconds of calls, however long it runs', async () => {
    await call(times(60, 'healthy', 'unhealthy', 'healthy'), 400);
    const past: unknown = JSON.parse((await redis.hget(`ww:{h:${provider}}`, 'past')) ?? '');
    expect(past).toHaveLength(9);
  });

  test('opens when half of 20 calls were slow or failed, and says that it is slow', async () => {
    expect(new Set(await call([...times(8, 'slow', 'healthy'), 'unhealthy', 'healthy', 'unhealthy'], 100))).toEqual(
      new Set(['counted']),
    );
    expect(await circuit.read(provider)).toMatchObject({ calls: 19, failures: 2, slow: 8 });
    expect(await circuit.record(await permitted(), 'healthy')).toMatchObject({ reason: 'slow_rate', ms: 1_900 });
    expect(await circuit.read(provider)).toMatchObject({ state: 'open', reason: 'slow_rate' });
  });

  test('takes a call that was as long as the threshold for a quick one', async () => {
    expect(new Set(await call(times(30, 'healthy')))).toEqual(new Set(['counted']));
    expect(await circuit.read(provider)).toMatchObject({ slow: 0 });
  });

  test('opens once when failures race', async () => {
    const permissions = await Promise.all(Array.from({ length: 50 }, () => permitted()));
    const results = await Promise.all(permissions.map((permission) => circuit.record(permission, 'unhealthy')));
    expect(results.filter((result) => typeof result === 'object')).toHaveLength(1);
    expect(results.filter((result) => result === 'stale')).toHaveLength(45);
  });

  test('keeps providers apart, and a sandbox twin from its live account', async () => {
    await openIt();
    const twin = circuitKeyOf({ name: provider, mode: 'test' });
    used.push(twin);
    expect(twin).not.toBe(provider);
    expect(circuitKeyOf({ name: provider, mode: 'live' })).toBe(provider);
    expect((await circuit.permit(twin)).state).toBe('closed');
  });
});

describe('an open circuit', () => {
  test('stays open for its time, then grants at most 2 probes among 20 callers', async () => {
    await openIt();
    now += OPEN_MS - 1;
    expect(await stateNow()).toBe('open');
    now += 1;
    const all = await Promise.all(Array.from({ length: 20 }, () => circuit.permit(provider)));
    expect(all.filter(({ state }) => state === 'probe')).toHaveLength(2);
    expect(all.filter(({ state }) => state === 'open')).toHaveLength(18);
    expect(await circuit.read(provider)).toMatchObject({ state: 'half_open', probes: 2, share: 0 });
  });

  test('tells once that it is half open', async () => {
    await openAndHalfOpen();
    expect(await circuit.read(provider)).toMatchObject({ state: 'half_open', probes: 0 });
    expect((await permitted()).transition).toEqual({
      from: 'open',
      to: 'half_open',
      reason: 'open_time_over',
      ms: OPEN_MS,
    });
    expect((await permitted()).transition).toBeUndefined();
  });

  test('recovers after 3 good probes in a row, not after one lucky one', async () => {
    await openAndHalfOpen();
    expect(await call(['healthy', 'healthy', 'unhealthy'])).toEqual(['counted', 'counted', 'probe_failed']);
    now += 2 * OPEN_MS;
    expect(await call(['healthy', 'healthy'])).toEqual(['counted', 'counted']);
    expect(await stateNow()).toBe('probe');
    expect(await circuit.record(await permitted(), 'healthy')).toEqual({
      from: 'half_open',
      to: 'recovering',
      reason: 'probes_good',
      ms: 3 * OPEN_MS,
    });
  });

  test('takes a slow probe for a bad one', async () => {
    await openAndHalfOpen();
    expect(await call(['slow'])).toEqual(['probe_slow']);
  });

  test('gives a probe back when its number was bad', async () => {
    await openAndHalfOpen();
    const probes = [await permitted(), await permitted()] as const;
    expect(await stateNow()).toBe('open');
    await circuit.record(probes[0], 'neutral');
    expect(await stateNow()).toBe('probe');
    expect(await stateNow()).toBe('open');
  });

  test("frees a dead worker's probe when its lease has ended, and voids its late result", async () => {
    await openAndHalfOpen();
    const dead = await permitted();
    await permitted();
    now += PROBE_LEASE_MS - 1;
    expect(await openNow()).toEqual({ state: 'open', provider, retryAt: now + 1 });
    now += 1;
    expect(await circuit.read(provider)).toMatchObject({ probes: 0 });
    const heir = await permitted();
    expect(heir.state).toBe('probe');
    expect(await circuit.record(dead, 'unhealthy')).toBe('stale');
    expect(await circuit.record(heir, 'healthy')).toBe('counted');
  });

  test('is open for twice as long each time, 60 s at most', async () => {
    await openIt();
    const lengths = [await openMsNow()];
    for (let time = 0; time < 5; time += 1) {
      now += lengths.at(-1) ?? 0;
      await call(['unhealthy']);
      lengths.push(await openMsNow());
    }
    expect(lengths).toEqual([OPEN_MS, 10_000, 20_000, 40_000, OPEN_MS_MAX, OPEN_MS_MAX]);
  });

  test('opens for the first time again once it has been closed for a minute, and not before', async () => {
    await closeAgain();
    now += 59_999;
    await openIt();
    expect(await openMsNow()).toBe(2 * OPEN_MS);

    useProvider();
    await closeAgain();
    now += 60_000;
    await openIt();
    expect(await openMsNow()).toBe(OPEN_MS);
  });

  test('is not moved by a late success, nor prolonged by a late failure', async () => {
    const early = [await permitted(), await permitted(), await permitted(), await permitted()] as const;
    await openIt();
    const { retryAt } = await openNow();
    expect(await circuit.record(early[0], 'healthy')).toBe('stale');
    expect(await circuit.record(early[1], 'unhealthy')).toBe('stale');
    expect(await circuit.permit(provider)).toEqual({ state: 'open', provider, retryAt });
    now = retryAt;
    await call(times(3, 'healthy'));
    expect(await circuit.record(early[2], 'unhealthy')).toBe('stale');
    expect(await circuit.record(early[3], 'unhealthy')).toBe('stale');
    expect(await circuit.read(provider)).toMatchObject({ state: 'recovering', calls: 0 });
  });

  test('is decided by the first of two probes that fails', async () => {
    await openAndHalfOpen();
    const [first, second] = [await permitted(), await permitted()];
    expect(await circuit.record(first, 'unhealthy')).toMatchObject({ reason: 'probe_failed' });
    expect(await circuit.record(second, 'healthy')).toBe('stale');
    expect(await openMsNow()).toBe(2 * OPEN_MS);
  });

  test('lets the last resort through when it was slow, and counts nothing of that', async () => {
    await call(times(20, 'slow'));
    const resort = await permitted();
    expect(resort).toMatchObject({ state: 'slow', isLastResort: true });
    expect(await circuit.record(resort, 'unhealthy')).toBe('stale');
    now += OPEN_MS;
    expect([await stateNow(), await stateNow(), await stateNow()]).toEqual(['probe', 'probe', 'slow']);
  });

  test('is as if nothing was known when the clock was set back, and not when a worker is a little behind', async () => {
    await openIt();
    now -= 60_000;
    expect(await stateNow()).toBe('open');
    now -= 1;
    expect(await circuit.read(provider)).toMatchObject({ state: 'closed', calls: 0, quality: 1 });
    expect(await stateNow()).toBe('closed');
    await openIt();
    now -= 3_600_000;
    expect(await stateNow()).toBe('closed');
    await openIt();
  });

  test('lets nobody through when it failed', async () => {
    await openIt();
    expect(await stateNow()).toBe('open');
  });
});

describe('a recovering circuit', () => {
  /** How many of 100 calls belong to the share. */
  async function takenOf100(): Promise<number> {
    const permissions = await Promise.all(Array.from({ length: 100 }, () => permitted()));
    expect(permissions.every(({ state, isLastResort }) => isLastResort === (state === 'deflected'))).toBe(true);
    return permissions.filter(({ isLastResort }) => !isLastResort).length;
  }

  test('permits a share that grows from a tenth to all, the rest as a last resort', async () => {
    await recover();
    expect((await permitted()).state).toBe('recovering');
    const shares: number[] = [];
    for (let quarter = 0; quarter < 4; quarter += 1) {
      shares.push(await takenOf100());
      now += RECOVERY_MS / 4;
    }
    for (const [quarter, share] of [10, 32.5, 55, 77.5].entries()) {
      expect(Math.abs((shares[quarter] ?? 0) - share)).toBeLessThanOrEqual(1);
    }
    expect(await circuit.read(provider)).toMatchObject({ state: 'closed', share: 1 });
    expect((await permitted()).transition).toMatchObject({ from: 'recovering', to: 'closed', reason: 'recovered' });
    expect(await permitted()).toMatchObject({ state: 'closed', isLastResort: false });
  });

  test('waits with its share while the latest call has failed', async () => {
    await recover();
    now += RECOVERY_MS / 2;
    const { share } = await circuit.read(provider);
    expect(share).toBeCloseTo(0.55);
    expect(await call(['unhealthy'])).toEqual(['counted']);
    now += RECOVERY_MS;
    expect(await circuit.read(provider)).toMatchObject({ state: 'recovering', share });
    await call(['healthy']);
    expect(await circuit.read(provider)).toMatchObject({ state: 'recovering', share });
    now += RECOVERY_MS / 2;
    expect(await stateNow()).toBe('closed');
  });

  test('opens again at the second failure in a row, for longer, and says since when it has been out', async () => {
    await recover();
    expect(await call(['unhealthy', 'healthy', 'unhealthy'])).toEqual(times(3, 'healthy').map(() => 'counted'));
    expect(await circuit.record(await permitted(), 'unhealthy')).toEqual({
      from: 'recovering',
      to: 'open',
      reason: 'failures_in_row',
      ms: OPEN_MS,
    });
    expect(await openMsNow()).toBe(2 * OPEN_MS);
  });

  test('opens again when a fifth of 10 calls failed, and not at 9 calls', async () => {
    await recover();
    expect(new Set(await call(['unhealthy', ...times(4, 'healthy'), 'unhealthy', ...times(3, 'healthy')]))).toEqual(
      new Set(['counted']),
    );
    expect(await call(['healthy'])).toEqual(['failure_rate']);
  });

  test('opens again when half of 10 calls were slow', async () => {
    await recover();
    expect(new Set(await call([...times(4, 'slow', 'healthy'), 'healthy']))).toEqual(new Set(['counted']));
    expect(await call(['slow'])).toEqual(['slow_rate']);
  });

  test('does not hold against the provider what opened its circuit', async () => {
    await recover();
    expect(await circuit.read(provider)).toMatchObject({ state: 'recovering', calls: 0, failures: 0 });
  });

  test('counts a call that it permitted when it has closed meanwhile', async () => {
    await recover();
    const late = await permitted();
    now += RECOVERY_MS;
    expect(await stateNow()).toBe('closed');
    expect(await circuit.record(late, 'unhealthy')).toBe('counted');
    expect(await circuit.read(provider)).toMatchObject({ state: 'closed', failures: 1 });
  });

  test('is void for probes that end after it has begun', async () => {
    await openAndHalfOpen();
    const straggler = await permitted();
    await call(times(3, 'healthy'));
    expect(await circuit.record(straggler, 'unhealthy')).toBe('stale');
    expect(await circuit.read(provider)).toMatchObject({ state: 'recovering', failures: 0 });
  });
});

describe("a receipt's later word", () => {
  const observe = async (health: Health, count: number) => {
    const results: Counted[] = [];
    for (let time = 0; time < count; time += 1) results.push(await circuit.observe(provider, health));
    return results;
  };

  test('opens a circuit whose messages were taken and not delivered', async () => {
    expect(new Set(await call(times(10, 'healthy')))).toEqual(new Set(['counted']));
    expect(new Set(await observe('unhealthy', 9))).toEqual(new Set(['counted']));
    expect(await observe('unhealthy', 1)).toMatchObject([{ from: 'closed', to: 'open', reason: 'failure_rate' }]);
  });

  test('neither makes a run of failures nor ends one', async () => {
    await observe('unhealthy', 10);
    expect(new Set(await call(times(4, 'unhealthy')))).toEqual(new Set(['counted']));
    await observe('healthy', 3);
    expect(await call(['unhealthy'])).toEqual(['failures_in_row']);
  });

  test('says nothing when the destination was to blame', async () => {
    await observe('neutral', 40);
    expect(await circuit.read(provider)).toMatchObject({ calls: 0, failures: 0 });
  });

  test('counts nothing while the circuit is open or half open', async () => {
    await openIt();
    expect(await observe('healthy', 1)).toEqual(['stale']);
    now += OPEN_MS;
    await permitted();
    expect(await observe('unhealthy', 1)).toEqual(['stale']);
    expect(await circuit.read(provider)).toMatchObject({ state: 'half_open', probes: 1 });
  });

  test('counts by the stricter rule while it recovers', async () => {
    await recover();
    await observe('healthy', 8);
    expect(await observe('unhealthy', 2)).toMatchObject(['counted', { from: 'recovering', to: 'open' }]);
  });
});
