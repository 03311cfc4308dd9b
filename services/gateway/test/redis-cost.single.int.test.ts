import { randomUUID } from 'node:crypto';
import { createConfigCopies, mintApiKey, type RedisConnection } from '@watchword/platform';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { connectTestRedis, issueKey, publishAccess } from './copies.fixture.ts';
import { OPEN, startGateway, type TestGateway } from './gateway.fixture.ts';

let redis: RedisConnection;
let gateway: TestGateway;
let project: string;
/** Commands that arrived from outside, without those that scripts run. */
let commands: string[];
let stopWatching: () => void;

beforeEach(async () => {
  redis = await connectTestRedis();
  await createConfigCopies(redis).markPublished();
  project = `p${randomUUID()}`;
  gateway = await startGateway({ redisUrl: inject('redisUrl') });
  if (!('monitor' in redis)) throw new Error('this suite watches a single Redis');
  const watch = await redis.monitor();
  commands = [];
  watch.on('monitor', (_time: string, [command = '']: string[], source: string) => {
    if (source !== 'lua') commands.push(command.toLowerCase());
  });
  stopWatching = () => watch.disconnect();
});
afterEach(async () => {
  stopWatching();
  await gateway.close();
  redis.disconnect();
});

/** What `work` cost, once Redis has told all of it. */
async function costOf(work: () => Promise<unknown>): Promise<string[]> {
  const seen = async () => {
    const mark = commands.filter((command) => command === 'echo').length;
    await redis.echo('mark');
    await expect.poll(() => commands.filter((command) => command === 'echo').length).toBe(mark + 1);
  };
  await seen();
  const before = commands.length;
  await work();
  await seen();
  return commands.slice(before, -1);
}
const open = (apiKey?: string) => gateway.call('/v1/verifications', { body: OPEN, ...(apiKey && { apiKey }) });

it('is one command for a call with a key that is known here, of the configuration and the root’s alike', async () => {
  const key = issueKey();
  await publishAccess(redis, project, { keys: [key], monthlySends: 100 });
  await open(key.text);
  await open();
  expect(await costOf(() => open(key.text))).toEqual(['evalsha']);
  expect(await costOf(() => open())).toEqual(['evalsha']);
  expect(await costOf(() => gateway.call('/v1/verifications/x', { method: 'GET' }))).toEqual(['evalsha']);
});

it('is two more for the first call of a key, and of a project', async () => {
  const key = issueKey();
  await publishAccess(redis, project, { keys: [key] });
  await open();
  expect((await costOf(() => open(key.text))).toSorted()).toEqual(['evalsha', 'get', 'hmget']);
});

it('is none for a key that was made up', async () => {
  const made = `ww_test_${'a'.repeat(32)}`;
  await open();
  const cost = await costOf(async () => {
    for (let count = 0; count < 50; count += 1) expect((await open(made)).status).toBe(401);
  });
  expect(cost).toEqual([]);
});

it('is bounded for well-formed keys that nobody has, and that bound stops no key that is known here', async () => {
  const key = issueKey();
  await publishAccess(redis, project, { keys: [key] });
  await open(key.text);
  const statuses: number[] = [];
  const startedAtMs = performance.now();
  const cost = await costOf(async () => {
    for (let count = 0; count < 200; count += 1) statuses.push((await open(mintApiKey('test'))).status);
    expect((await open(key.text)).status).toBe(202);
  });
  const seconds = Math.ceil((performance.now() - startedAtMs) / 1000) + 1;
  expect(new Set(statuses)).toEqual(new Set([401, 429]));
  expect(statuses.filter((status) => status === 401).length).toBeLessThanOrEqual(20 * seconds);
  expect(cost.filter((command) => command === 'get').length).toBeLessThanOrEqual(20 * seconds);
  await expect.poll(async () => (await open(mintApiKey('test'))).status, { timeout: 3_000 }).toBe(401);
});
