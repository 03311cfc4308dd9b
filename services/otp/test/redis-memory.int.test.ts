import { eventually } from '@watchword/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { newNumber, type StartedOtp, startOtp } from './started-otp.fixture.ts';

let otp: StartedOtp;
beforeAll(async () => {
  otp = await startOtp();
});
afterAll(() => otp.close());
beforeEach(() => otp.newProject());

const primaries = () => ('nodes' in otp.redis ? otp.redis.nodes('master') : [otp.redis]);
/** In a Cluster, one that is full is enough. */
function fullest() {
  const node = primaries().at(-1);
  if (node === undefined) throw new Error('Redis has no primary');
  return node;
}

const PADDING_BYTES = 64 * 1024;
const PADDING_KEYS = 4_000;
/** Tags of the Redis that is filled, so that its Cluster takes them. */
let padded: string[] = [];
afterEach(async () => {
  await fullest().config('SET', 'maxmemory', '0');
  for (const key of padded) await fullest().del(key);
  padded = [];
});

async function used(): Promise<number> {
  const info = await fullest().info('memory');
  return Number(/^used_memory:(\d+)/m.exec(info)?.[1]);
}

/** Writes padding until `isDone`, or nothing more fits. */
async function pad(isDone: () => Promise<boolean>): Promise<void> {
  for (let index = padded.length; index < PADDING_KEYS && !(await isDone()); index += 1) {
    const key = `test:padding:{${index}}`;
    try {
      await fullest().set(key, Buffer.alloc(PADDING_BYTES, index));
      padded.push(key);
    } catch (error) {
      const text = String(error);
      if (text.includes('OOM')) return;
      // Another node's.
      if (!text.includes('MOVED')) throw error;
    }
  }
}

async function ratio(): Promise<number> {
  const text = await (await fetch(`${otp.adminUrl}/metrics`)).text();
  return Number(/watchword_redis_memory_used_ratio\{service="otp"\} (\S+)/.exec(text)?.[1]);
}

const openedOk = async () => (await otp.open(newNumber())).status === 202;

test('a Redis that fills up opens nothing from 70 % on, checks to the last byte, and opens again below 65 %', async () => {
  const opened = await Promise.all(Array.from({ length: 100 }, () => otp.open(newNumber())));
  expect(new Set(opened.map(({ status }) => status))).toEqual(new Set([202]));
  const codes = [];
  for (const { body } of opened.slice(0, 30)) codes.push({ id: body.id, code: (await otp.claim(body)).code });
  const max = Math.max((await used()) * 2, 40 * 1024 * 1024);
  await fullest().config('SET', 'maxmemory', max);
  await pad(async () => (await used()) > max * 0.6);
  await eventually('the ratio is known', 5_000, async () => (await ratio()) > 0.59 || undefined);
  expect(await openedOk()).toBe(true);

  await pad(async () => (await used()) > max * 0.72);
  const refused = await eventually('opening is shed', 5_000, async () => {
    const answer = await otp.open(newNumber());
    return answer.status === 503 ? answer : undefined;
  });
  expect(refused).toMatchObject({
    retryAfter: '5',
    nothingDone: true,
    body: { code: 'unavailable', detail: expect.stringContaining('short of memory') as string },
  });
  expect(await otp.resend(codes[0]?.id)).toMatchObject({ status: 503, retryAfter: '5' });
  expect(await ratio()).toBeGreaterThan(0.7);

  await pad(async () => false);
  // What clients' buffers give back would let another write in.
  const full = (await used()) - 1024 * 1024;
  await fullest().config('SET', 'maxmemory', full);
  await expect(fullest().set(padded[0] ?? '', 'x')).rejects.toThrow(/OOM/);
  for (const { id, code } of codes) {
    expect((await otp.check(id, code)).body).toMatchObject({ result: 'approved' });
  }
  await eventually('the ratio is known', 5_000, async () => (await ratio()) > 1 || undefined);

  // Between the two marks it stays as it is.
  await shrinkTo(full * 0.68);
  await eventually('the ratio has sunk', 5_000, async () => (await ratio()) < 0.7 || undefined);
  expect((await otp.open(newNumber())).status).toBe(503);
  await shrinkTo(full * 0.6);
  await eventually('opening goes on', 5_000, async () => (await openedOk()) || undefined);
});

async function shrinkTo(bytes: number): Promise<void> {
  while (padded.length > 0 && (await used()) > bytes) await fullest().del(padded.pop() ?? '');
}
