import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { monthOf, readQuota } from '@watchword/platform';
import {
  freePort,
  launchRedis,
  type RedisProcess,
  resolveRedisServer,
  waitUntilRedisAnswers,
} from '@watchword/platform/redis-server';
import { eventually } from '@watchword/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startConsole, type TestConsole } from './console.fixture.ts';

let directory: string;
let port: number;
let redis: RedisProcess;
let tested: TestConsole;

async function launch() {
  const server = await resolveRedisServer({ progress: () => {} });
  redis = launchRedis({ server, config: { port, directory, persistence: 'none' } });
  await waitUntilRedisAnswers(redis, port);
}

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'watchword-console-redis-'));
  port = (await freePort()) ?? 0;
  await launch();
  tested = await startConsole({ redisUrl: `redis://127.0.0.1:${port}` });
});
afterEach(async () => {
  await tested.close();
  await redis.stop();
  rmSync(directory, { recursive: true, force: true });
});

const policy = { purpose: 'login', rules: { checks_max: 5 } };
const isReady = async () => (await fetch(`${tested.adminUrl}/readyz`)).ok;
const publishedPolicy = (project: string) => async () =>
  (await tested.copies.read(project, 'sending')).config?.policies.login;

/** Another process has the database to itself until this is called. */
function lockDatabase(): () => void {
  const other = new DatabaseSync(tested.file, { timeout: 2_000 });
  other.exec('BEGIN EXCLUSIVE');
  return () => {
    other.exec('ROLLBACK');
    other.close();
  };
}

it('publishes everything again when Redis was emptied, with what was sent this month', async () => {
  const project = await tested.project();
  expect((await tested.call('POST', '/v1/policies', policy, { project })).status).toBe(201);
  const month = monthOf(Date.now());
  const other = new DatabaseSync(tested.file, { timeout: 2_000 });
  other
    .prepare('INSERT INTO quotas (id, project, month, positions, counters) VALUES (?, ?, ?, ?, ?)')
    .run(`${project}:${month}`, project, month, '{}', JSON.stringify({ sends: 42 }));
  other.close();
  await tested.redis.flushall();
  expect(await eventually('the policy is back', 5_000, publishedPolicy(project))).toEqual(policy.rules);
  await eventually('all is published', 5_000, async () => (await tested.copies.isPublished()) || undefined);
  expect(await readQuota(tested.redis, project, month)).toBe(42);
});

it('says that a change is stored while Redis is away, and publishes it when Redis is back', async () => {
  const project = await tested.project();
  await redis.stop();
  const { status, body } = await tested.call('POST', '/v1/policies', policy, { project });
  expect([status, body.code, body.retryable]).toEqual([503, 'unavailable', true]);
  expect(body.detail).toMatch(/stored but not published.*Redis/);
  expect(await isReady()).toBe(false);
  await launch();
  expect(await eventually('the policy is published', 10_000, publishedPolicy(project))).toEqual(policy.rules);
  await eventually('ready', 5_000, async () => (await isReady()) || undefined);
});

it('says that nothing was changed while the database is locked, and changes again when it is not', async () => {
  const project = await tested.project();
  const unlock = lockDatabase();
  try {
    const { status, body } = await tested.call('POST', '/v1/policies', policy, { project });
    expect([status, body.code]).toEqual([503, 'unavailable']);
    expect(body.detail).toMatch(/database.*nothing was changed/);
  } finally {
    unlock();
  }
  expect((await tested.call('GET', '/v1/policies', undefined, { project })).body.items).toEqual([]);
  expect((await tested.call('POST', '/v1/policies', policy, { project })).status).toBe(201);
});

it('shows in its metrics what it published', async () => {
  await tested.project();
  const text = await (await fetch(`${tested.adminUrl}/metrics`)).text();
  expect(text).toMatch(/watchword_config_publications_total\{result="published",service="console"\} [1-9]/);
  expect(text).toMatch(/watchword_config_unpublished_projects\{service="console"\} 0/);
});
