import { randomUUID } from 'node:crypto';
import type { DeliveryConfig } from '@watchword/contracts';
import type { RedisConnection } from '@watchword/platform';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Circuit, createCircuit, type Health, type ProjectProvider, planProviders } from '../src/index.ts';
import { connectedRedis } from './connected-redis.ts';

let redis: RedisConnection;
let circuit: Circuit;
let provider: string;
let now: number;
let attempts = 0;
const used: string[] = [];

beforeAll(async () => {
  redis = await connectedRedis('quality-test');
  circuit = createCircuit({ redis, clock: { now: () => now }, probeLeaseMs: 7_000, slowMs: 60_000 });
});
afterAll(async () => {
  for (const name of used) for (const key of ['', ':samples']) await redis.del(`ww:{h:${name}}${key}`);
  redis.disconnect();
});
beforeEach(() => {
  now = 1_800_000_000_000;
  provider = newProvider();
});

function newProvider(): string {
  const name = `test-${randomUUID()}`;
  used.push(name);
  return name;
}

const quality = async (name = provider) => (await circuit.read(name)).quality;

interface Traffic {
  readonly calls: number;
  readonly everyMs?: number;
  readonly callMs?: number;
  readonly health?: (index: number) => Health;
  /** After so long a receipt says that it was delivered. */
  readonly deliveredAfterMs?: number;
  readonly name?: string;
}

/** Calls that a circuit permits, one each `everyMs`. */
async function send({ calls, everyMs = 100, callMs = 200, deliveredAfterMs, ...rest }: Traffic): Promise<void> {
  const { health = () => 'healthy', name = provider } = rest;
  for (let index = 0; index < calls; index += 1) {
    const permission = await circuit.permit(name);
    if (permission.state === 'open') throw new Error('The circuit is open');
    attempts += 1;
    await circuit.record(permission, health(index), callMs, `att_${attempts}`);
    if (deliveredAfterMs !== undefined) {
      now += deliveredAfterMs;
      await circuit.observe(name, 'healthy', `att_${attempts}`);
      now -= deliveredAfterMs;
    }
    now += everyMs;
  }
}

const eachFourth = (index: number): Health => (index % 4 === 0 ? 'unhealthy' : 'healthy');

describe('the quality of a provider', () => {
  test('is whole before anything is known, and while it works', async () => {
    expect(await quality()).toBe(1);
    await send({ calls: 50 });
    expect(await quality()).toBe(1);
  });

  test('falls while calls fail, and rises again with calls that do not', async () => {
    await send({ calls: 100, health: eachFourth });
    const failing = await quality();
    expect(failing).toBeGreaterThan(0.4);
    expect(failing).toBeLessThan(0.65);
    await send({ calls: 300 });
    expect(await quality()).toBeGreaterThan(0.9);
  });

  test('is not ruined by one failure of one call, nor by bad numbers', async () => {
    await send({ calls: 1, health: () => 'unhealthy' });
    expect(await quality()).toBeGreaterThan(0.6);
    provider = newProvider();
    await send({ calls: 20, health: () => 'neutral' });
    expect(await quality()).toBe(1);
  });

  test('falls while messages are accepted but not delivered', async () => {
    for (let index = 0; index < 40; index += 1) {
      await send({ calls: 1 });
      await circuit.observe(provider, index % 4 === 0 ? 'unhealthy' : 'healthy', '');
    }
    expect(await quality()).toBeLessThan(0.85);
  });

  test('falls when accepting takes much longer than it used to, and not for a provider that was never faster', async () => {
    await send({ calls: 100, callMs: 300 });
    await send({ calls: 60, callMs: 3_000 });
    expect(await quality()).toBeLessThan(0.7);
    provider = newProvider();
    await send({ calls: 160, callMs: 3_000 });
    expect(await quality()).toBe(1);
    provider = newProvider();
    await send({ calls: 100, callMs: 100 });
    await send({ calls: 60, callMs: 900 });
    expect(await quality()).toBe(1);
  });

  test('falls when delivering takes much longer than it used to, by the receipts of a sample of attempts', async () => {
    await send({ calls: 30, everyMs: 600, deliveredAfterMs: 4_000 });
    expect(await quality()).toBe(1);
    await send({ calls: 30, everyMs: 600, deliveredAfterMs: 60_000 });
    expect(await quality()).toBeLessThan(0.4);
  });

  test('samples at most two attempts a second, and keeps none for good', async () => {
    await send({ calls: 100, everyMs: 50 });
    expect(await redis.zcard(`ww:{h:${provider}}:samples`)).toBe(10);
    expect(await redis.pttl(`ww:{h:${provider}}:samples`)).toBeGreaterThan(0);
    now += 301_000;
    await send({ calls: 1 });
    expect(await redis.zcard(`ww:{h:${provider}}:samples`)).toBe(1);
  });

  test('drifts back to whole within a minute of quiet', async () => {
    await send({ calls: 100, health: eachFourth });
    const failing = await quality();
    now += 30_000;
    expect(await quality()).toBeGreaterThan((1 + failing) / 2 - 0.02);
    now += 30_000;
    expect(await quality()).toBe(1);
  });

  test('keeps 5 % at least, so that it is heard of again', async () => {
    for (let index = 0; index < 200; index += 1) {
      await send({ calls: 1, everyMs: 0, health: () => 'unhealthy' });
      // Its circuit would open: that is another matter.
      await redis.hdel(`ww:{h:${provider}}`, 'state', 'current', 'past', 'past_totals');
    }
    expect(await quality()).toBe(0.05);
  });
});

describe('traffic that is shared by weight', () => {
  const weighted = (id: string): ProjectProvider => ({
    id,
    name: id,
    kind: 'twilio',
    mode: 'live',
    isDraining: false,
    settings: {},
    credentials: '',
    costMicros: {},
    sendsPerSecond: null,
  });

  async function shareOf(good: string, bad: string): Promise<number> {
    const config: Pick<DeliveryConfig, 'providers' | 'routes'> = {
      providers: [weighted(good), weighted(bad)],
      routes: [
        {
          id: 'rte_1',
          channel: 'sms',
          match: '*',
          providers: [
            { provider: good, weight: 50 },
            { provider: bad, weight: 50 },
          ],
        },
      ],
    };
    const qualities = new Map([good, bad].map((id) => [id, 1]));
    for (const id of qualities.keys()) qualities.set(id, await quality(id));
    const first = Array.from({ length: 1_000 }, (_, index) => {
      const wanted = { channel: 'sms', mode: 'live', e164: '+447911123456', country: 'GB' } as const;
      const plan = planProviders(config, wanted, (index + 0.5) / 1_000, ({ id }) => qualities.get(id) ?? 1);
      return plan.source === 'project' ? plan.providers[0]?.id : undefined;
    });
    return first.filter((id) => id === bad).length / first.length;
  }

  test('moves away from the one that fails, and drifts back when it is quiet', async () => {
    const [good, bad] = [newProvider(), newProvider()];
    await send({ calls: 100, name: good, everyMs: 0 });
    expect(await shareOf(good, bad)).toBe(0.5);
    await send({ calls: 60, name: bad, health: (index) => (index % 5 < 2 ? 'unhealthy' : 'healthy') });
    expect(await shareOf(good, bad)).toBeLessThan(0.35);
    now += 60_000;
    expect(await shareOf(good, bad)).toBe(0.5);
  });
});
