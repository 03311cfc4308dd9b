import { randomUUID } from 'node:crypto';
import { createConfigCopies, mintApiKey, type RedisConnection } from '@watchword/platform';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { connectTestRedis, issueKey, publishAccess } from './copies.fixture.ts';
import { OPEN, startGateway, type TestGateway, type TestGatewayOptions } from './gateway.fixture.ts';

const ID = `ver_${'0'.repeat(26)}`;
const DAY_MS = 86_400_000;
const PUBLISHED = 'ww:config-published';

let redis: RedisConnection;
let project: string;
let gateways: TestGateway[];
beforeEach(async () => {
  redis = await connectTestRedis();
  await createConfigCopies(redis).markPublished();
  project = `p${randomUUID()}`;
  gateways = [];
});
afterEach(async () => {
  for (const gateway of gateways) await gateway.close();
  redis.disconnect();
});

async function start(options: Partial<TestGatewayOptions> = {}): Promise<TestGateway> {
  const gateway = await startGateway({ redisUrl: inject('redisUrl'), ...options });
  gateways.push(gateway);
  return gateway;
}
const open = ({ call }: TestGateway, apiKey: string) => call('/v1/verifications', { body: OPEN, apiKey });
const outcome = async (gateway: TestGateway, apiKey: string) => {
  const { status, body } = await open(gateway, apiKey);
  return status === 202 ? 202 : `${status} ${body.code}`;
};

describe('a key of the configuration', () => {
  it('calls for its own project, in its mode, by its id, with its scopes, under the copy’s epoch', async () => {
    const gateway = await start();
    const key = issueKey({ scopes: ['verifications:write'] }, 'live');
    const epoch = await publishAccess(redis, project, { keys: [key] });
    expect(await outcome(gateway, key.text)).toBe(202);
    const { id, scopes } = key.entry;
    expect(gateway.otp.calls[0]?.context).toMatchObject({ project, mode: 'live', key: id, scopes, epoch });
  });

  it('that was revoked fails at its very next call, on every gateway', async () => {
    const [one, other] = [await start(), await start()];
    const [revoked, kept] = [issueKey(), issueKey()];
    await publishAccess(redis, project, { keys: [revoked, kept] });
    for (const gateway of [one, other]) expect(await outcome(gateway, revoked.text)).toBe(202);
    await publishAccess(redis, project, { keys: [kept] });
    for (const gateway of [one, other]) {
      const calls = gateway.otp.calls.length;
      expect(await outcome(gateway, revoked.text)).toBe('401 unauthenticated');
      expect(await outcome(gateway, kept.text)).toBe(202);
      expect(gateway.otp.calls).toHaveLength(calls + 1);
    }
  });

  it('works at its first call, also where an older copy is held', async () => {
    const gateway = await start();
    const [first, later] = [issueKey(), issueKey()];
    await publishAccess(redis, project, { keys: [first] });
    await outcome(gateway, first.text);
    await publishAccess(redis, project, { keys: [first, later] });
    expect(await outcome(gateway, later.text)).toBe(202);
  });

  it('is refused from the moment it expires on, and an extended one works again', async () => {
    const clock = { nowMs: Date.now(), now: () => clock.nowMs, serverNow: () => Date.now() };
    const gateway = await start({ clock });
    const expiresAt = clock.nowMs + DAY_MS;
    const key = issueKey({ expiresAt });
    await publishAccess(redis, project, { keys: [key] });
    clock.nowMs = expiresAt - 1;
    expect(await outcome(gateway, key.text)).toBe(202);
    clock.nowMs = expiresAt;
    expect(await outcome(gateway, key.text)).toBe('401 unauthenticated');
    expect((await open(gateway, key.text)).body.detail).toContain('expired');
    await publishAccess(redis, project, { keys: [{ ...key, entry: { ...key.entry, expiresAt: expiresAt + DAY_MS } }] });
    expect(await outcome(gateway, key.text)).toBe(202);
  });

  it('and the one that takes its place both work while they overlap', async () => {
    const clock = { nowMs: Date.now(), now: () => clock.nowMs, serverNow: () => Date.now() };
    const gateway = await start({ clock });
    const old = issueKey({ expiresAt: clock.nowMs + 3_600_000 });
    const fresh = issueKey();
    await publishAccess(redis, project, { keys: [old, fresh] });
    expect([await outcome(gateway, old.text), await outcome(gateway, fresh.text)]).toEqual([202, 202]);
    clock.nowMs += 3_600_000;
    expect([await outcome(gateway, old.text), await outcome(gateway, fresh.text)]).toEqual([
      '401 unauthenticated',
      202,
    ]);
  });

  it('of a suspended project is refused, and works again when that is lifted', async () => {
    const gateway = await start();
    const key = issueKey();
    await publishAccess(redis, project, { keys: [key] });
    expect(await outcome(gateway, key.text)).toBe(202);
    await publishAccess(redis, project, { keys: [key], isSuspended: true });
    expect(await outcome(gateway, key.text)).toBe('403 project_suspended');
    await publishAccess(redis, project, { keys: [key] });
    expect(await outcome(gateway, key.text)).toBe(202);
  });

  it('nobody has is a 401, and a 503 that says why while Redis was never given the configuration', async () => {
    const gateway = await start();
    const made = mintApiKey('test');
    expect(await outcome(gateway, made)).toBe('401 unauthenticated');
    await redis.del(PUBLISHED);
    const answer = await open(gateway, made);
    expect([answer.status, answer.body.detail]).toEqual([
      503,
      'The configuration is not in Redis: the console puts it there when it reaches the database.',
    ]);
  });

  it('counts nothing and reserves nothing while its gateway holds an older copy', async () => {
    const gateway = await start();
    const key = issueKey();
    await publishAccess(redis, project, { keys: [key], limits: { project_sends_per_hour: 5 } });
    await outcome(gateway, key.text);
    await publishAccess(redis, project, { keys: [], limits: { project_sends_per_hour: 5 } });
    const refused = await gateway.call('/v1/verifications', { body: OPEN, apiKey: key.text, idempotencyKey: 'stale' });
    expect(refused.status).toBe(401);
    await publishAccess(redis, project, { keys: [key], limits: { project_sends_per_hour: 5 } });
    const admitted = await gateway.call('/v1/verifications', {
      body: { to: '+14155550199' },
      apiKey: key.text,
      idempotencyKey: 'stale',
    });
    expect(admitted.status).toBe(202);
    expect(admitted.headers.ratelimit).toMatch(/^"sends";r=3;/);
  });
});

describe('scopes', () => {
  it('are needed as each call says, and the answer names what is missing', async () => {
    const gateway = await start();
    const reader = issueKey({ scopes: ['verifications:read'] });
    const writer = issueKey({ scopes: ['verifications:write'] });
    const keeper = issueKey({ scopes: ['config:read', 'keys:write'] });
    await publishAccess(redis, project, { keys: [reader, writer, keeper] });
    const read = { method: 'GET' } as const;
    const calls = [
      ['/v1/verifications', { body: OPEN }],
      ['/v1/verifications/check', { body: { ...OPEN, code: '123456' } }],
      [`/v1/verifications/${ID}/check`, { body: { code: '123456' } }],
      [`/v1/verifications/${ID}/resend`, {}],
      [`/v1/verifications/${ID}/cancel`, {}],
      ['/v1/tokens/consume', { body: { token: 'x' } }],
      [`/v1/verifications/${ID}`, read],
      [`/v1/verifications/${ID}/timeline`, read],
      ['/v1/destinations/erase', { body: OPEN }],
    ] as const;
    const statuses = async (apiKey: string) => {
      const seen: number[] = [];
      for (const [path, options] of calls) seen.push((await gateway.call(path, { ...options, apiKey })).status);
      return seen;
    };
    expect(await statuses(writer.text)).toEqual([202, 202, 202, 202, 202, 202, 202, 202, 403]);
    expect(await statuses(reader.text)).toEqual([403, 403, 403, 403, 403, 403, 202, 202, 403]);
    expect(await statuses(keeper.text)).toEqual(calls.map(() => 403));
    const refused = await open(gateway, reader.text);
    expect(refused.body).toMatchObject({ code: 'insufficient_scope' });
    expect(refused.body.detail).toContain('verifications:write');
  });

  it('are looked at before the body', async () => {
    const gateway = await start();
    const reader = issueKey({ scopes: ['verifications:read'] });
    await publishAccess(redis, project, { keys: [reader] });
    expect((await gateway.call('/v1/verifications', { body: '{', apiKey: reader.text })).status).toBe(403);
  });
});

describe('the root key', () => {
  it('has every scope without any copy, and the limits of its project’s copy when there is one', async () => {
    const gateway = await start();
    expect((await open(gateway, gateway.apiKey)).headers.ratelimit).toMatch(/^"sends";r=999;/);
    expect(gateway.otp.calls[0]?.context).toMatchObject({ key: 'root', epoch: 0, project: gateway.project });
    await publishAccess(redis, gateway.project, { limits: { project_sends_per_hour: 7 } });
    expect((await open(gateway, gateway.apiKey)).headers.ratelimit).toMatch(/^"sends";r=5;/);
  });

  it('need not carry a checksum, and there need not be one', async () => {
    const chosen = `ww_test_${'chosen'.repeat(5)}`;
    const withRoot = await start({ environment: { API_KEY: chosen } });
    expect(await outcome(withRoot, chosen)).toBe(202);
    const withoutRoot = await start({ environment: { API_KEY: '' } });
    expect(await outcome(withoutRoot, chosen)).toBe('401 unauthenticated');
  });

  it('sends nothing for a suspended project, but still manages it: nobody else could lift that', async () => {
    const gateway = await start();
    await publishAccess(redis, gateway.project, { isSuspended: true });
    expect(await outcome(gateway, gateway.apiKey)).toBe('403 project_suspended');
    expect((await gateway.call('/v1/projects', { method: 'GET' })).status).toBe(202);
  });
});

describe('when Redis was emptied', () => {
  /** What FLUSHALL leaves of these keys, on a Redis that the other suites share. */
  const empty = async (...projects: string[]) => {
    for (const one of projects) await redis.del(`ww:{p:${one}}:config`, `ww:{p:${one}}:sends`);
    await redis.del(PUBLISHED);
  };

  it('answers 503 to a key whose copy a gateway still holds, until the console has published again', async () => {
    const gateway = await start();
    const key = issueKey();
    await publishAccess(redis, project, { keys: [key] });
    expect(await outcome(gateway, key.text)).toBe(202);
    await empty(project);
    expect(await outcome(gateway, key.text)).toBe('503 unavailable');
    expect(await outcome(gateway, key.text)).toBe('503 unavailable');
    expect(gateway.otp.calls).toHaveLength(1);
    await publishAccess(redis, project, { keys: [key] });
    expect(await outcome(gateway, key.text)).toBe(202);
  });

  it('goes on for the root key, by the platform’s defaults', async () => {
    const gateway = await start();
    await publishAccess(redis, gateway.project, { limits: { project_sends_per_hour: 7 } });
    expect((await open(gateway, gateway.apiKey)).headers.ratelimit).toMatch(/^"sends";r=6;/);
    await empty(gateway.project);
    expect((await open(gateway, gateway.apiKey)).headers.ratelimit).toMatch(/^"sends";r=999;/);
  });
});

it('says when a key was last used, within its flush, and a refused key was not used', async () => {
  const gateway = await start();
  const [used, expired] = [issueKey(), issueKey({ expiresAt: 1 })];
  await publishAccess(redis, project, { keys: [used, expired] });
  const before = Date.now() - 1_000;
  await outcome(gateway, used.text);
  await outcome(gateway, expired.text);
  await gateway.close();
  gateways = [];
  const told = await redis.hgetall(`ww:{p:${project}}:keys-used`);
  expect(Object.keys(told)).toEqual([used.entry.id]);
  expect(Number(told[used.entry.id])).toBeGreaterThan(before);
});
