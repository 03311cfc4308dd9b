import { randomUUID } from 'node:crypto';
import type { RedisConnection } from '@watchword/platform';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { connectTestRedis, issueKey, publishAccess } from './copies.fixture.ts';
import { OPEN, startGateway, type TestGateway } from './gateway.fixture.ts';

let redis: RedisConnection;
let gateway: TestGateway;
beforeAll(async () => {
  redis = await connectTestRedis();
  gateway = await startGateway({ redisUrl: inject('redisUrl') });
});
afterAll(async () => {
  await gateway.close();
  redis.disconnect();
});

it('an Idempotency-Key stands for one operation of each mode: neither hears what the other’s call was answered', async () => {
  const [live, test] = [issueKey({}, 'live'), issueKey()];
  await publishAccess(redis, `p${randomUUID()}`, { keys: [live, test] });
  const open = (apiKey: string) => gateway.call('/v1/verifications', { apiKey, body: OPEN, idempotencyKey: 'one-key' });
  for (const { text } of [test, live, test, live]) expect((await open(text)).status).toBe(202);
  const operations = gateway.otp.calls.map(({ context }) => context.operation);
  expect(operations.slice(2)).toEqual(operations.slice(0, 2));
  expect(new Set(operations).size).toBe(2);
});
