import { createHash, randomUUID } from 'node:crypto';
import type { RedisConnection } from '@watchword/platform';
import { freePort } from '@watchword/platform/redis-server';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { connectTestRedis } from './copies.fixture.ts';
import { OPEN, startGateway, type TestGateway, type TestGatewayOptions } from './gateway.fixture.ts';
import { type Answering, json } from './otp-stand-in.fixture.ts';

const HOUR_MS = 3_600_000;
const ID = `ver_${'0'.repeat(26)}`;

/** `now` is moved by hand; the deadline stays on the real clock. */
const clock = { nowMs: 0, now: () => clock.nowMs, serverNow: () => Date.now() };
let gateway: TestGateway;
const start = async (sendsPerHour: number, options: Partial<TestGatewayOptions> = {}) => {
  gateway = await startGateway({
    redisUrl: inject('redisUrl'),
    environment: { PROJECT_SENDS_PER_HOUR: String(sendsPerHour) },
    clock,
    ...options,
  });
};
beforeEach(() => {
  clock.nowMs = Math.ceil(Date.now() / HOUR_MS) * HOUR_MS; // the first millisecond of an hour
});
afterEach(() => gateway.close());

const open = (idempotencyKey?: string) =>
  gateway.call<{ operation: string }>('/v1/verifications', {
    body: OPEN,
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  });
const statuses = async (count: number) => {
  const seen: number[] = [];
  for (let index = 0; index < count; index += 1) seen.push((await open()).status);
  return seen;
};

describe('the project’s limit of sends', () => {
  it('admits the limit and no more, also when they race', async () => {
    await start(5);
    const answers = await Promise.all(Array.from({ length: 40 }, () => open()));
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(5);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(35);
    expect(gateway.otp.calls).toHaveLength(5);
  });

  it('slides: the last hour counts by how much of it the window still covers', async () => {
    await start(4);
    clock.nowMs += HOUR_MS / 2;
    expect(await statuses(5)).toEqual([202, 202, 202, 202, 429]);
    clock.nowMs += HOUR_MS / 2; // a new hour: all 4 still count
    expect(await statuses(1)).toEqual([429]);
    clock.nowMs += HOUR_MS / 4; // 3 of the 4 still count
    expect(await statuses(2)).toEqual([202, 429]);
    clock.nowMs += HOUR_MS / 4; // 2 of the 4, and the 1 of this hour
    expect(await statuses(2)).toEqual([202, 429]);
    clock.nowMs += 2 * HOUR_MS; // nothing counts any more
    expect(await statuses(5)).toEqual([202, 202, 202, 202, 429]);
  });

  it('says how long to wait, exactly: refused just before, admitted then', async () => {
    await start(4);
    clock.nowMs += HOUR_MS / 3;
    await statuses(4);
    const refused = await gateway.call('/v1/verifications', { body: OPEN });
    expect(refused.status).toBe(429);
    expect(refused.body).toMatchObject({ code: 'rate_limited', limit: 'project_sends', retryable: true });
    const waitSeconds = Number(refused.headers['retry-after']);
    expect(refused.body.retry_after_s).toBe(waitSeconds);
    expect(refused.headers.ratelimit).toBe(`"sends";r=0;t=${waitSeconds}`);
    const refusedAtMs = clock.nowMs;
    clock.nowMs = refusedAtMs + (waitSeconds - 2) * 1000;
    expect((await open()).status).toBe(429);
    clock.nowMs = refusedAtMs + waitSeconds * 1000;
    expect((await open()).status).toBe(202);
  });

  it('counts opens and resends, not checks, reads or cancels', async () => {
    await start(2);
    await open();
    await gateway.call(`/v1/verifications/${ID}/resend`);
    expect((await gateway.call(`/v1/verifications/${ID}/resend`)).status).toBe(429);
    const free = [
      await gateway.call(`/v1/verifications/${ID}/check`, { body: { code: '123456' } }),
      await gateway.call(`/v1/verifications/${ID}/cancel`),
      await gateway.call(`/v1/verifications/${ID}`, { method: 'GET' }),
      await gateway.call(`/v1/verifications/${ID}/timeline`, { method: 'GET' }),
    ];
    expect(free.map(({ status }) => status)).toEqual([202, 202, 202, 202]);
  });

  it('is no limit at 0, and then there are no RateLimit headers', async () => {
    await start(0);
    const answers = await Promise.all(Array.from({ length: 20 }, () => open()));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(answers[0]?.headers).not.toHaveProperty('ratelimit');
    expect(answers[0]?.headers).not.toHaveProperty('ratelimit-policy');
  });

  it('is told on every answer: sends, reads, and errors of otp', async () => {
    await start(10);
    clock.nowMs += HOUR_MS - 60_000;
    const sent = await open();
    expect(sent.headers['ratelimit-policy']).toBe('"sends";q=10;w=3600');
    expect(sent.headers.ratelimit).toBe('"sends";r=9;t=60');
    expect((await gateway.call(`/v1/verifications/${ID}`, { method: 'GET' })).headers.ratelimit).toBe(
      '"sends";r=9;t=60',
    );
    gateway.otp.answer = (_, reply) => json(reply, 404, { code: 'not_found' }, 'application/problem+json');
    const missing = await gateway.call(`/v1/verifications/${ID}/resend`);
    expect([missing.status, missing.headers.ratelimit]).toEqual([404, '"sends";r=9;t=60']);
    // What was given back is on its way to Redis when the answer leaves.
    const left = async () => (await gateway.call(`/v1/verifications/${ID}`, { method: 'GET' })).headers.ratelimit;
    await expect.poll(left).toBe('"sends";r=9;t=60');
    gateway.otp.answer = (_, { response }) => response.destroy();
    expect((await open()).headers.ratelimit).toBe('"sends";r=8;t=60');
  });

  it('costs nothing when otp refuses the send, so that one end user cannot use up the hour of all', async () => {
    await start(3);
    const key = randomUUID();
    const accept = gateway.otp.answer;
    gateway.otp.answer = (_, reply) => json(reply, 429, { code: 'resend_too_soon' }, 'application/problem+json');
    for (let count = 0; count < 10; count += 1) expect((await open()).body).toMatchObject({ code: 'resend_too_soon' });
    await open(key);
    gateway.otp.answer = accept;
    const left = async () => (await gateway.call(`/v1/verifications/${ID}`, { method: 'GET' })).headers.ratelimit;
    await expect.poll(left).toMatch(/^"sends";r=3;/);
    expect((await open(key)).status).toBe(202);
    expect(await statuses(3)).toEqual([202, 202, 429]);
  });

  const unavailable = (nothingDone?: true): Answering => {
    const answer = { status: 503, contentType: 'application/problem+json', body: '{"code":"unavailable"}' };
    return (_, reply) => reply.answer({ ...answer, ...(nothingDone && { nothingDone }) });
  };
  const left = async () => (await gateway.call(`/v1/verifications/${ID}`, { method: 'GET' })).headers.ratelimit;

  it('costs nothing when otp says that it did nothing and never will, which no caller is told', async () => {
    await start(3);
    gateway.otp.answer = unavailable(true);
    for (let count = 0; count < 10; count += 1) {
      const shed = await gateway.call('/v1/verifications', { body: OPEN });
      expect([shed.status, shed.text]).toEqual([503, '{"code":"unavailable"}']);
      expect(JSON.stringify(shed.headers)).not.toMatch(/nothing/i);
      await expect.poll(left).toMatch(/^"sends";r=3;/);
    }
  });

  it('costs nothing when otp cannot be connected to: the call never left', async () => {
    await start(3, { environment: { PROJECT_SENDS_PER_HOUR: '3', OTP_URL: `http://127.0.0.1:${await freePort()}` } });
    for (let count = 0; count < 5; count += 1) {
      const refused = await gateway.call('/v1/verifications', { body: OPEN });
      expect(refused.status).toBe(503);
      expect(refused.headers.ratelimit).toMatch(/^"sends";r=3;/);
      expect(refused.body.detail).toContain('changed nothing');
      await expect.poll(left).toMatch(/^"sends";r=3;/);
    }
  });

  it('stays counted when nobody knows whether it was made', async () => {
    await start(3);
    gateway.otp.answer = unavailable();
    expect((await open()).headers.ratelimit).toMatch(/^"sends";r=2;/);
    gateway.otp.answer = (_, { response }) => response.destroy();
    const lost = await gateway.call('/v1/verifications', { body: OPEN });
    expect(lost.headers.ratelimit).toMatch(/^"sends";r=1;/);
    expect(lost.body.detail).toContain('outcome is not known');
    gateway.otp.answer = (_, reply) => json(reply, 200, {});
    expect(await left()).toMatch(/^"sends";r=1;/);
  });
});

describe('Idempotency-Key', () => {
  it('gives 100 parallel repeats one operation, counted once', async () => {
    await start(1000);
    const key = randomUUID();
    const answers = await Promise.all(Array.from({ length: 100 }, () => open(key)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    const operations = new Set(answers.map(({ body }) => body.operation));
    expect(operations.size).toBe(1);
    expect([...operations][0]).toMatch(/^[0-9a-hjkmnp-tv-z]{26}$/);
    expect((await gateway.call(`/v1/verifications/${ID}`, { method: 'GET' })).headers.ratelimit).toMatch(
      /^"sends";r=999;/,
    );
  });

  it('gives each key an operation of its own, and none to a call without one', async () => {
    await start(1000);
    const operations = [await open('one'), await open('two'), await open()].map(({ body }) => body.operation);
    expect(new Set(operations).size).toBe(3);
    expect(operations[2]).toBe('');
  });

  it('is honoured on every POST', async () => {
    await start(1000);
    const calls: [path: string, body?: unknown][] = [
      ['/v1/verifications', OPEN],
      ['/v1/verifications/check', { ...OPEN, code: '123456' }],
      [`/v1/verifications/${ID}/check`, { code: '123456' }],
      [`/v1/verifications/${ID}/resend`],
      [`/v1/verifications/${ID}/cancel`],
    ];
    for (const [path, body] of calls) {
      const idempotencyKey = randomUUID();
      const twice = async () =>
        (await gateway.call<{ operation: string }>(path, { body, idempotencyKey })).body.operation;
      const first = await twice();
      expect(first, path).not.toBe('');
      expect(await twice(), path).toBe(first);
    }
  });

  it.each([
    ['body', '/v1/verifications', { to: '+14155550124' }],
    ['path', `/v1/verifications/${ID}/resend`, undefined],
  ])('is a 422 with another %s', async (_, path, body) => {
    await start(1000);
    const idempotencyKey = randomUUID();
    await open(idempotencyKey);
    const calls = gateway.otp.calls.length;
    const answer = await gateway.call(path, { body, idempotencyKey });
    expect([answer.status, answer.body.code]).toEqual([422, 'idempotency_mismatch']);
    expect(answer.headers.ratelimit).toMatch(/^"sends";r=999;/);
    expect(gateway.otp.calls).toHaveLength(calls);
  });

  it('never limits a repeat, and reserves nothing for a call that is limited', async () => {
    await start(1);
    const { body } = await open('first');
    const limited = await open('second');
    expect(limited.status).toBe(429);
    const repeated = await open('first');
    expect([repeated.status, repeated.body.operation]).toEqual([202, body.operation]);
    const redis = await connectTestRedis();
    const keys = await redis.exists(`ww:{p:${gateway.project}}:sends`);
    clock.nowMs += 3 * HOUR_MS;
    expect(
      (await gateway.call('/v1/verifications', { body: { to: '+14155550199' }, idempotencyKey: 'second' })).status,
    ).toBe(202);
    expect(keys).toBe(1);
    redis.disconnect();
  });

  it('repeats after a lost answer under the same operation', async () => {
    await start(1);
    gateway.otp.answer = (_, { response }) => response.destroy();
    expect((await open('lost')).status).toBe(503);
    gateway.otp.answer = ({ context }, reply) => json(reply, 202, { operation: context.operation });
    const repeated = await open('lost');
    expect(repeated.status).toBe(202);
    expect(gateway.otp.calls.map(({ context }) => context.operation)).toEqual([
      repeated.body.operation,
      repeated.body.operation,
    ]);
  });

  it('leaves neither the key nor the body in Redis, and keeps its hash for 24 h', async () => {
    await start(1000);
    const idempotencyKey = `order-${randomUUID()}`;
    await open(idempotencyKey);
    const redis = await connectTestRedis();
    const found = await scan(redis, `ww:{p:${gateway.project}}:i:*`);
    expect(found).toHaveLength(1);
    const [name = ''] = found;
    expect(name).not.toContain(idempotencyKey);
    expect(name).not.toContain(createHash('sha256').update(idempotencyKey).digest('hex'));
    expect(await redis.get(name)).not.toContain('4155550123');
    const ttlMs = await redis.pttl(name);
    expect(ttlMs).toBeGreaterThan(24 * HOUR_MS - 60_000);
    expect(ttlMs).toBeLessThanOrEqual(24 * HOUR_MS);
    redis.disconnect();
  });
});

describe('the deadline', () => {
  it('refuses a call that reaches Redis too late: nothing is counted, reserved or forwarded', async () => {
    await start(10, { clock: { now: () => clock.nowMs, serverNow: () => Date.now() - 10_000 } });
    const answer = await gateway.call('/v1/verifications', { body: OPEN, idempotencyKey: 'late' });
    expect([answer.status, answer.body.code, answer.headers['retry-after']]).toEqual([503, 'unavailable', '1']);
    expect(gateway.otp.calls).toEqual([]);
    const redis = await connectTestRedis();
    expect(await redis.exists(`ww:{p:${gateway.project}}:sends`)).toBe(0);
    expect(await scan(redis, `ww:{p:${gateway.project}}:i:*`)).toEqual([]);
    redis.disconnect();
  });
});

/** KEYS on the node that holds the pattern's hash tag. */
async function scan(redis: RedisConnection, pattern: string): Promise<string[]> {
  const nodes = 'nodes' in redis ? redis.nodes('master') : [redis];
  return (await Promise.all(nodes.map((node) => node.keys(pattern)))).flat();
}
