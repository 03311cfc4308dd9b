import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StartupError } from '@watchword/platform';
import {
  freePort,
  launchRedis,
  type RedisProcess,
  resolveRedisServer,
  waitUntilRedisAnswers,
} from '@watchword/platform/redis-server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OPEN, startGateway, type TestGateway } from './gateway.fixture.ts';

let directory: string;
let port: number;
let redis: RedisProcess;
let gateway: TestGateway | undefined;

async function launch() {
  const server = await resolveRedisServer({ progress: () => {} });
  redis = launchRedis({ server, config: { port, directory, persistence: 'none' } });
  await waitUntilRedisAnswers(redis, port);
}
const url = () => `redis://127.0.0.1:${port}`;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'watchword-gateway-'));
  port = (await freePort()) ?? 0;
  await launch();
  gateway = undefined;
});
afterEach(async () => {
  await gateway?.close();
  await redis.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function expectUnavailable(call: TestGateway['call']) {
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      call('/v1/verifications', { body: OPEN, idempotencyKey: `stopped-${index}` }),
    ),
  );
  for (const { status, body, ms } of answers) {
    expect([status, body.code]).toEqual([503, 'unavailable']);
    expect(ms).toBeLessThan(1_000);
  }
}

describe('when Redis is away', () => {
  it('answers 503 within a second while it is stopped, and nothing of that is sent or counted when it goes on', async () => {
    const { call, otp } = (gateway = await startGateway({ redisUrl: url() }));
    expect((await call('/v1/verifications', { body: OPEN })).headers.ratelimit).toMatch(/r=999;/);
    process.kill(redis.pid, 'SIGSTOP');
    try {
      await expectUnavailable(call);
    } finally {
      process.kill(redis.pid, 'SIGCONT');
    }
    await expect.poll(async () => (await call('/v1/verifications/x', { method: 'GET' })).status).toBe(202);
    expect((await call('/v1/verifications/x', { method: 'GET' })).headers.ratelimit).toMatch(/r=999;/);
    expect(otp.calls.filter(({ method }) => method === 'POST')).toHaveLength(1);
  });

  it('answers 503 within a second while it is dead, and relays again when it is back', async () => {
    const { call } = (gateway = await startGateway({ redisUrl: url() }));
    process.kill(redis.pid, 'SIGKILL');
    await redis.ended;
    await expectUnavailable(call);
    await launch();
    await expect
      .poll(async () => (await call('/v1/verifications', { body: OPEN })).status, { timeout: 5_000 })
      .toBe(202);
  });
});

describe('keys', () => {
  it('refuses in one line to start with another HOP_KEY than this Redis was first used with', async () => {
    gateway = await startGateway({ redisUrl: url() });
    const other = startGateway({ redisUrl: url(), environment: { HOP_KEY: 'A'.repeat(43) } });
    await expect(other).rejects.toThrow(StartupError);
    await expect(other).rejects.toThrow(/^HOP_KEY is not the one .*$/);
  });
});
