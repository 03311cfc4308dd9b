import { randomUUID } from 'node:crypto';
import { createRedisClock, type RedisConnection } from '@watchword/platform';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createSendRate, type SendRate, type Slot } from '../src/index.ts';
import { connectedRedis } from './connected-redis.ts';

const SECOND_MS = 1_000;
const HORIZON_MS = 10_000;
/** A second, and what calls may be shifted against one another on their way. */
const WINDOW_MS = 1_100;
const SPACING_MS = WINDOW_MS / 10;

let redis: RedisConnection;
let rate: SendRate;
let account: string;
let now: number;
const used: string[] = [];

beforeAll(async () => {
  redis = await connectedRedis('send-rate-test');
  rate = createSendRate(redis, { now: () => now });
});
afterAll(async () => {
  for (const name of used) for (const key of ['slots', 'calls']) await redis.del(`ww:{h:${name}}:${key}`);
  redis.disconnect();
});
beforeEach(() => {
  now = 1_800_000_000_000;
  account = `test-${randomUUID()}`;
  used.push(account);
});

const ask = (deliveryId: string, sendsPerSecond = 10, horizonMs = HORIZON_MS): Promise<Slot> =>
  rate.reserve({ account, sendsPerSecond, deliveryId, horizonMs });
const waitOf = (slot: Slot) => (slot.kind === 'go' ? 0 : slot.waitMs);

/** The most calls that any second saw, wherever it begins. */
function mostInASecond(calls: readonly number[]): number {
  const sorted = calls.toSorted((left, right) => left - right);
  return Math.max(...sorted.map((from, index) => sorted.slice(index).filter((at) => at < from + SECOND_MS).length));
}

describe('an account that gets only so many messages in a second', () => {
  test('is called at once when it is idle, and one after the other when it is not: it gets no burst', async () => {
    expect(await ask('d1')).toEqual({ kind: 'go' });
    const slots = [await ask('d2'), await ask('d3'), await ask('d4')];
    expect(slots.map(waitOf)).toEqual([1, 2, 3].map((place) => place * SPACING_MS));
    expect(slots.every((slot) => slot.kind === 'wait' && slot.isReserved)).toBe(true);
    now += 10 * WINDOW_MS;
    expect(await ask('d5')).toEqual({ kind: 'go' });
  });

  test('keeps a delivery its slot while it is away, and gives nobody else that slot', async () => {
    await ask('d1');
    expect(waitOf(await ask('d2'))).toBe(SPACING_MS);
    now += 50;
    expect(waitOf(await ask('d2'))).toBe(SPACING_MS - 50);
    expect(waitOf(await ask('d3'))).toBe(2 * SPACING_MS - 50);
    now += SPACING_MS - 50;
    expect(await ask('d2')).toEqual({ kind: 'go' });
    expect(waitOf(await ask('d3'))).toBe(SPACING_MS);
  });

  test('still gets whoever comes late for his slot, at once when the others have left room', async () => {
    await ask('d1');
    await ask('late');
    now += 3_000;
    expect(await ask('late')).toEqual({ kind: 'go' });
  });

  test('forgets a reservation 5 s after its slot: who comes later stands behind the others', async () => {
    await ask('d1', 1);
    await ask('gone', 1);
    now += WINDOW_MS + 5_001;
    expect(await ask('d3', 1)).toEqual({ kind: 'go' });
    expect(waitOf(await ask('d4', 1))).toBe(WINDOW_MS);
    expect(waitOf(await ask('gone', 1))).toBe(2 * WINDOW_MS);
  });

  test('keeps a slot far ahead, though others only look a little way', async () => {
    await ask('d1');
    await ask('d2', 10, HORIZON_MS);
    await ask('d3', 10, SECOND_MS);
    expect(await redis.pttl(`ww:{h:${account}}:slots`)).toBeGreaterThan(HORIZON_MS + 5_000);
  });

  test('is not mute until a clock that was set back has caught up', async () => {
    await ask('d1', 1);
    await ask('d2', 1);
    now -= 50_000;
    expect(waitOf(await ask('d3', 1))).toBe(50_000 + 2 * WINDOW_MS);
    now -= 1_200_000;
    expect(await ask('d3', 1)).toEqual({ kind: 'go' });
    expect(waitOf(await ask('d4', 1))).toBe(WINDOW_MS);
  });

  test('gives no slot beyond the horizon, and says how far the next one is', async () => {
    await ask('d1');
    for (let number = 0; number < 9; number += 1) await ask(`d1${number}`, 10, SECOND_MS);
    expect(await ask('d20', 10, SECOND_MS)).toEqual({ kind: 'wait', waitMs: WINDOW_MS, isReserved: false });
    expect(await ask('d21', 10, SECOND_MS)).toEqual({ kind: 'wait', waitMs: WINDOW_MS, isReserved: false });
    expect(await ask('d21', 10, 2 * SECOND_MS)).toEqual({ kind: 'wait', waitMs: WINDOW_MS, isReserved: true });
  });

  test('gets no more than its due when many come late at the same moment, and each of those is told another time', async () => {
    for (let number = 0; number < 40; number += 1) await ask(`d${number}`, 10);
    now += 4 * WINDOW_MS;
    const slots = await Promise.all(Array.from({ length: 39 }, (_, index) => ask(`d${index + 1}`)));
    expect(slots.filter(({ kind }) => kind === 'go')).toHaveLength(10);
    const waits = slots.map(waitOf).filter((ms) => ms > 0);
    expect(new Set(waits).size).toBeGreaterThanOrEqual(2);
    expect(Math.min(...waits)).toBe(WINDOW_MS);
  });

  test('is asked anew, under the same place, when its word comes too late to be used', async () => {
    await ask('d1', 1);
    expect(waitOf(await ask('next', 1))).toBe(WINDOW_MS);
    now += WINDOW_MS;
    // The clock is read before each question: the first answer to this one takes long.
    let questions = 0;
    const slow = createSendRate(redis, {
      now() {
        questions += 1;
        if (questions === 1) for (const until = performance.now() + 60; performance.now() < until; );
        return now;
      },
    });
    const slot = await slow.reserve({ account, sendsPerSecond: 1, deliveryId: 'next', horizonMs: 0 });
    expect(questions).toBe(2);
    expect(slot).toEqual({ kind: 'wait', waitMs: WINDOW_MS, isReserved: true });
    now += WINDOW_MS;
    expect(await ask('next', 1)).toEqual({ kind: 'go' });
  });

  test('is counted by itself: another account has its own slots', async () => {
    await ask('d1', 1);
    account = `test-${randomUUID()}`;
    used.push(account);
    expect(await ask('d2', 1)).toEqual({ kind: 'go' });
  });

  test('gets more as soon as its bound is raised, and less as soon as it is lowered', async () => {
    await ask('d1', 1);
    expect(waitOf(await ask('d2', 10, 0))).toBe(SPACING_MS);
    now += WINDOW_MS;
    const calls: number[] = [];
    for (let ms = 0; ms < 5 * SECOND_MS; ms += 25, now += 25) {
      if ((await ask(`e${ms}`, 2, 0)).kind === 'go') calls.push(now);
    }
    expect(mostInASecond(calls)).toBe(2);
    expect(calls.length).toBeGreaterThanOrEqual(9);
  });

  /** As workers and the due set do: they wait up to a second, and bring back what must wait longer in time for its slot. */
  test.each([1, 10, 80])(
    'gets %i messages in any second from all who have some, and the queue drains nearly as fast',
    async (sendsPerSecond) => {
      const messages = sendsPerSecond * 20;
      const calls: number[] = [];
      let random = 1;
      const upTo = (ms: number) => {
        random = (random * 48_271) % 2_147_483_647;
        return (random / 2_147_483_647) * ms;
      };
      const due = Array.from({ length: messages }, (_, index) => ({ at: now + upTo(500), id: `m${index}`, until: 0 }));
      const startedAt = now;
      while (due.length > 0) {
        due.sort((left, right) => right.at - left.at);
        const job = due.pop();
        if (job === undefined) break;
        now = Math.max(now, Math.round(job.at));
        if (job.until < now) job.until = now + SECOND_MS;
        const near = await ask(job.id, sendsPerSecond, job.until - now);
        if (near.kind === 'go') {
          calls.push(now + upTo(WINDOW_MS - SECOND_MS));
          continue;
        }
        if (near.waitMs <= job.until - now) {
          // A timer is never early, and sometimes late.
          due.push({ ...job, at: now + near.waitMs + upTo(30) });
          continue;
        }
        const kept = await ask(job.id, sendsPerSecond);
        const isReserved = kept.kind === 'go' || kept.isReserved;
        due.push({ ...job, until: 0, at: now + (isReserved ? Math.max(0, waitOf(kept) - 800) : 8_000) + upTo(600) });
      }
      expect(calls).toHaveLength(messages);
      expect(mostInASecond(calls)).toBeLessThanOrEqual(sendsPerSecond);
      const seconds = (Math.max(...calls) - startedAt) / SECOND_MS;
      expect(seconds).toBeLessThan((20 * WINDOW_MS * 1.15) / SECOND_MS);
    },
  );

  test('holds its bound on real clocks, each process with its own', async () => {
    const connections = await Promise.all(
      Array.from({ length: 4 }, (_, index) => connectedRedis(`send-rate-${index}`)),
    );
    const clocks = await Promise.all(connections.map((connection) => createRedisClock(connection)));
    const calls: number[] = [];
    const until = performance.now() + 3 * SECOND_MS;
    const senders = connections.flatMap((connection, worker) => {
      const own = createSendRate(connection, clocks[worker] ?? { now: Date.now });
      return Array.from({ length: 8 }, async (_, job) => {
        for (let message = 0; performance.now() < until; message += 1) {
          const deliveryId = `w${worker}-${job}-${message}`;
          for (;;) {
            const slot = await own.reserve({ account, sendsPerSecond: 20, deliveryId, horizonMs: HORIZON_MS });
            if (slot.kind === 'go') break;
            await new Promise((resolve) => setTimeout(resolve, slot.waitMs));
          }
          calls.push(performance.now());
        }
      });
    });
    await Promise.all(senders);
    for (const clock of clocks) clock[Symbol.dispose]();
    for (const connection of connections) connection.disconnect();
    expect(mostInASecond(calls)).toBeLessThanOrEqual(20);
    expect(calls.length).toBeGreaterThan(40);
  });
});
