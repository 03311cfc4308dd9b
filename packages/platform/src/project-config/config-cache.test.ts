import type { AccessConfig } from '@watchword/contracts';
import { expect, test } from 'vitest';
import { createConfigCache } from './config-cache.ts';
import type { ConfigCopy } from './config-copies.ts';

const access = (isSuspended: boolean): AccessConfig => ({
  isSuspended,
  keys: [],
  limits: { project_sends_per_hour: null, user_sends_per_minute: null, ip_sends_per_hour: null },
  monthlySends: null,
});

/** Copies whose reads end when the test says so, with what was there when they began. */
function start(projectsMax = 10) {
  const time = { now: 0 };
  const redis = { epoch: 1 };
  const reads: { project: string; end(): void; fail(): void }[] = [];
  const read = (project: string) => {
    const copy: ConfigCopy<AccessConfig> = { epoch: redis.epoch, config: access(false) };
    return new Promise<never>((resolve, reject) => {
      reads.push({ project, end: () => resolve(copy as never), fail: () => reject(new Error('Redis is away')) });
    });
  };
  const cache = createConfigCache({ copies: { read }, part: 'access', now: () => time.now, projectsMax });
  const endNext = async () => {
    await expect.poll(() => reads.length).toBeGreaterThan(0);
    reads.shift()?.end();
  };
  return { cache, redis, reads, time, endNext };
}

test('a hundred who ask at once cost one read, and a hundred who come while it runs cost one more', async () => {
  const { cache, reads, endNext } = start();
  const first = Array.from({ length: 100 }, () => cache.fresh('p', 1_000));
  const later = Array.from({ length: 100 }, () => cache.reload('p'));
  expect(reads).toHaveLength(1);
  await endNext();
  await Promise.all(first);
  await endNext();
  await Promise.all(later);
  expect(reads).toHaveLength(0);
});

test('a read that began before the change never passes for one after it', async () => {
  const { cache, redis, endNext } = start();
  const early = cache.reload('p');
  redis.epoch = 2;
  const [anew, atLeast] = [cache.reload('p'), cache.atLeast('p', 2)];
  await endNext();
  expect((await early).epoch).toBe(1);
  await endNext();
  expect((await anew).epoch).toBe(2);
  expect((await atLeast).epoch).toBe(2);
});

test('what is new enough is not read again, and what cannot be had is 503', async () => {
  const { cache, reads, endNext } = start();
  const loaded = cache.reload('p');
  await endNext();
  await loaded;
  expect((await cache.atLeast('p', 1)).epoch).toBe(1);
  expect(reads).toHaveLength(0);
  const newer = cache.atLeast('p', 2);
  await endNext();
  await expect(newer).rejects.toMatchObject({ code: 'unavailable', options: { nothingDone: true } });
});

test('who waited for a read to end joins the one that another began just then, so that no older answer can win', async () => {
  const { cache, redis, reads, endNext } = start();
  const under = cache.reload('p');
  const another = under.then(() => cache.reload('p'));
  const waiting = cache.reload('p');
  redis.epoch = 2;
  await endNext();
  await under;
  await expect.poll(() => reads.length).toBeGreaterThan(0);
  // All that was to begin has begun.
  await new Promise((resolve) => setImmediate(resolve));
  expect(reads).toHaveLength(1);
  await endNext();
  expect([(await another).epoch, (await waiting).epoch]).toEqual([2, 2]);
});

test('after a failed read the next one is tried, also by those who waited behind it', async () => {
  const { cache, reads, endNext } = start();
  const failed = cache.reload('p');
  const behind = cache.reload('p');
  reads.shift()?.fail();
  await expect(failed).rejects.toThrow('Redis is away');
  await endNext();
  expect((await behind).epoch).toBe(1);
  const next = cache.reload('p');
  await endNext();
  expect((await next).epoch).toBe(1);
});

test('a copy is fresh up to its age, counted from the beginning of its read', async () => {
  const { cache, reads, time, endNext } = start();
  const loading = cache.reload('p');
  time.now = 500;
  await endNext();
  await loading;
  time.now = 1_000;
  await cache.fresh('p', 1_000);
  expect(reads).toHaveLength(0);
  time.now = 1_001;
  const again = cache.fresh('p', 1_000);
  expect(reads).toHaveLength(1);
  await endNext();
  await again;
});

test('it holds a bounded number of projects, those that were read last', async () => {
  const { cache, endNext } = start(2);
  for (const project of ['a', 'b', 'a', 'c']) {
    const loaded = cache.reload(project);
    await endNext();
    await loaded;
  }
  expect(['a', 'b', 'c'].map((project) => cache.peek(project) !== undefined)).toEqual([true, false, true]);
});
