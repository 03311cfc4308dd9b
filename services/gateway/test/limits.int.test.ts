import { randomUUID } from 'node:crypto';
import { createConfigCopies, monthOf, type RedisConnection, readQuota, seedQuota } from '@watchword/platform';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { type AccessChanges, connectTestRedis, publishAccess } from './copies.fixture.ts';
import { OPEN, startGateway, type TestGateway } from './gateway.fixture.ts';
import { json } from './otp-stand-in.fixture.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const ID = `ver_${'0'.repeat(26)}`;

/** `now` is moved by hand; the deadline stays on the real clock. */
const clock = { nowMs: 0, now: () => clock.nowMs, serverNow: () => Date.now() };
let redis: RedisConnection;
let gateway: TestGateway;
beforeEach(async () => {
  clock.nowMs = Date.UTC(2026, 10, 12, 10, 20, 30, 400);
  redis = await connectTestRedis();
  await createConfigCopies(redis).markPublished();
  gateway = await startGateway({ redisUrl: inject('redisUrl'), clock });
});
afterEach(async () => {
  await gateway.close();
  redis.disconnect();
});

const configure = (changes: AccessChanges) => publishAccess(redis, gateway.project, changes);
const open = (client?: object, idempotencyKey?: string) =>
  gateway.call('/v1/verifications', {
    body: { ...OPEN, ...(client === undefined ? {} : { client }) },
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  });
const left = async () => (await gateway.call(`/v1/verifications/${ID}`, { method: 'GET' })).headers.ratelimit;
const user = (id: string) => ({ user_id: id });

describe('the limit of one client.user_id', () => {
  it('admits one send in any minute, wherever in a minute it begins, and says exactly when the next one fits', async () => {
    for (const offsetMs of [0, 999, 30_000, 59_999]) {
      const one = user(randomUUID());
      const sentAtMs = (clock.nowMs += offsetMs);
      expect((await open(one)).status).toBe(202);
      clock.nowMs = sentAtMs + MINUTE_MS - 1;
      const refused = await open(one);
      expect(refused.body).toMatchObject({ code: 'rate_limited', limit: 'user_sends', retryable: true });
      expect(refused.body.detail).toContain('client.user_id');
      const waitSeconds = Number(refused.headers['retry-after']);
      expect(waitSeconds).toBeLessThanOrEqual(2);
      expect(refused.headers['ratelimit-policy']).toContain('"user_sends";q=1;w=60');
      expect(refused.headers.ratelimit).toContain(`"user_sends";r=0;t=${waitSeconds}`);
      clock.nowMs += waitSeconds * 1000;
      expect((await open(one)).status).toBe(202);
    }
  });

  it('counts one call as one send, over however many channels it goes', async () => {
    await configure({ limits: { user_sends_per_minute: 2 }, monthlySends: 10 });
    const to = { phone: '+14155550123', email: 'ann@example.com' };
    const ways = [{ channels: ['sms', 'whatsapp', 'email'] }, { workflow: [{ channel: 'sms' }, { channel: 'email' }] }];
    for (const [index, way] of ways.entries()) {
      const { status, headers } = await gateway.call('/v1/verifications', { body: { to, ...way, client: user('a') } });
      expect(status).toBe(202);
      expect(headers.ratelimit).toContain(`"user_sends";r=${1 - index};`);
      expect(headers.ratelimit).toContain(`"quota";r=${9 - index};`);
    }
  });

  it('is each user’s own, and nobody’s when the caller names none', async () => {
    expect((await open(user('a'))).status).toBe(202);
    expect((await open(user('b'))).status).toBe(202);
    expect((await open(user('a'))).status).toBe(429);
    expect((await open()).status).toBe(202);
    const unnamed = await open({ device_id: 'x' });
    expect([unnamed.status, unnamed.headers.ratelimit]).toEqual([202, expect.not.stringContaining('user_sends')]);
  });

  it('is what the project has decided, and none at 0', async () => {
    await configure({ limits: { user_sends_per_minute: 3 } });
    const answers = await Promise.all(Array.from({ length: 20 }, () => open(user('a'))));
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(3);
    await configure({ limits: { user_sends_per_minute: 0 } });
    expect(
      new Set((await Promise.all(Array.from({ length: 20 }, () => open(user('a'))))).map(({ status }) => status)),
    ).toEqual(new Set([202]));
  });

  it('costs nothing when otp refuses the send, nor for a repeat of it', async () => {
    const accept = gateway.otp.answer;
    gateway.otp.answer = (_, reply) => json(reply, 422, { code: 'invalid_destination' }, 'application/problem+json');
    expect((await open(user('a'))).status).toBe(422);
    gateway.otp.answer = accept;
    await expect.poll(async () => (await open(user('a'), 'key')).status).toBe(202);
    expect((await open(user('a'), 'key')).status).toBe(202);
    expect((await open(user('a'))).status).toBe(429);
  });

  it('leaves no user’s id and no address in Redis, nor a count behind its window', async () => {
    await open({ user_id: 'someone@example.com', ip: '203.0.113.9' });
    const nodes = 'nodes' in redis ? redis.nodes('master') : [redis];
    const names = (await Promise.all(nodes.map((node) => node.keys(`ww:{p:${gateway.project}}:[ua]:*`)))).flat();
    expect(names).toHaveLength(2);
    expect(names.join()).not.toMatch(/someone|203/);
    const lives = await Promise.all(names.toSorted().map((name) => redis.pttl(name)));
    expect(lives[0]).toBeLessThanOrEqual(HOUR_MS + 2 * MINUTE_MS);
    expect(lives[1]).toBeLessThanOrEqual(MINUTE_MS + 2_000);
    for (const life of lives) expect(life).toBeGreaterThan(0);
  });
});

describe('the limit of one client.ip', () => {
  it('admits ten in any hour, and no more when they race', async () => {
    const client = { ip: '203.0.113.9' };
    const answers = await Promise.all(Array.from({ length: 40 }, () => open(client)));
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(10);
    const refused = answers.find(({ status }) => status === 429);
    expect(refused?.body).toMatchObject({ code: 'rate_limited', limit: 'ip_sends' });
    expect((await open({ ip: '203.0.113.10' })).status).toBe(202);
    clock.nowMs += HOUR_MS - 1;
    expect((await open(client)).status).toBe(429);
    clock.nowMs += 2 * MINUTE_MS;
    expect((await open(client)).status).toBe(202);
  });

  it('never admits more than the limit in an hour, whenever they come', async () => {
    await configure({ limits: { ip_sends_per_hour: 3 } });
    const admittedAt: number[] = [];
    for (let step = 0; step < 120; step += 1) {
      clock.nowMs += 97_000;
      if ((await open({ ip: '203.0.113.9' })).status === 202) admittedAt.push(clock.nowMs);
    }
    const gapsMs = admittedAt.slice(3).map((at, index) => at - (admittedAt[index] ?? 0));
    expect(Math.min(...gapsMs)).toBeGreaterThanOrEqual(HOUR_MS);
    // 97 s × 120 are 3.2 hours.
    expect(admittedAt.length).toBeGreaterThanOrEqual(9);
  });

  it('counts every spelling and every address of an IPv6 network as one, and a header of the request as none', async () => {
    await configure({ limits: { ip_sends_per_hour: 1 } });
    expect((await open({ ip: '2001:db8:1:2::1' })).status).toBe(202);
    expect((await open({ ip: '2001:0DB8:0001:0002:ffff:0:0:9' })).status).toBe(429);
    expect((await open({ ip: '2001:db8:1:3::1' })).status).toBe(202);
    const headers = { 'x-forwarded-for': '2001:db8:1:2::1', 'x-real-ip': '2001:db8:1:2::1' };
    expect((await gateway.call('/v1/verifications', { body: OPEN, headers })).status).toBe(202);
  });

  it('names the limit that takes longest when several are reached', async () => {
    await configure({ limits: { user_sends_per_minute: 1, ip_sends_per_hour: 1 } });
    const client = { user_id: 'a', ip: '203.0.113.9' };
    await open(client);
    const refused = await open(client);
    expect(refused.body.limit).toBe('ip_sends');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(3_500);
  });
});

describe('the plan’s quota', () => {
  it('admits exactly its sends when 100 calls race, in both modes alike, and says how long the month is', async () => {
    await configure({ monthlySends: 7 });
    const answers = await Promise.all(Array.from({ length: 100 }, () => open()));
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(7);
    const refused = await open();
    expect([refused.status, refused.body.code, refused.body.limit]).toEqual([429, 'quota_exceeded', 'monthly_sends']);
    // Eighteen days are left; nobody is told to stay away for so long.
    expect(refused.headers['retry-after']).toBe('86400');
    expect(refused.headers['ratelimit-policy']).toContain(`"quota";q=7;w=${30 * 86_400}`);
    const monthEndsInSeconds = Math.ceil((Date.UTC(2026, 11) - clock.nowMs) / 1000);
    expect(refused.headers.ratelimit).toContain(`"quota";r=0;t=${monthEndsInSeconds}`);
    expect(await readQuota(redis, gateway.project, '2026-11')).toBe(7);
  });

  it('gets back what otp refused, and does not count a repeat', async () => {
    await configure({ monthlySends: 2 });
    const accept = gateway.otp.answer;
    gateway.otp.answer = (_, reply) => json(reply, 429, { code: 'resend_too_soon' }, 'application/problem+json');
    for (let count = 0; count < 5; count += 1) {
      expect((await open()).body.code).toBe('resend_too_soon');
      await expect.poll(left).toContain('"quota";r=2;');
    }
    gateway.otp.answer = accept;
    for (let count = 0; count < 5; count += 1) expect((await open(undefined, 'same')).status).toBe(202);
    expect(await left()).toContain('"quota";r=1;');
  });

  it('begins anew with the month (UTC)', async () => {
    await configure({ monthlySends: 1 });
    clock.nowMs = Date.UTC(2026, 11) - 1_000;
    expect((await open()).status).toBe(202);
    const refused = await open();
    expect([refused.body.code, refused.headers['retry-after']]).toEqual(['quota_exceeded', '1']);
    clock.nowMs += 1_000;
    expect((await open()).status).toBe(202);
    expect(await readQuota(redis, gateway.project, '2026-11')).toBe(0);
    expect(await readQuota(redis, gateway.project, '2026-12')).toBe(1);
  });

  it('counts what was sent before there was a plan', async () => {
    for (let count = 0; count < 3; count += 1) await open();
    await configure({ monthlySends: 4 });
    expect(await left()).toContain('"quota";r=1;');
  });

  it('is raised to what the records know, never lowered by it, and not by another month', async () => {
    await configure({ monthlySends: 100 });
    const month = monthOf(clock.nowMs);
    expect(await seedQuota(redis, gateway.project, month, 40)).toBe(40);
    expect(await left()).toContain('"quota";r=60;');
    await open();
    expect(await seedQuota(redis, gateway.project, month, 40)).toBe(41);
    await seedQuota(redis, gateway.project, '2026-10', 99);
    expect(await left()).toContain('"quota";r=59;');
    expect(await redis.pttl(`ww:{p:${gateway.project}}:sends`)).toBeGreaterThan(31 * 86_400_000);
  });
});
