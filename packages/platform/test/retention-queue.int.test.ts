import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { connectRedis, createLogger, type RedisConnection, Secret, startRetentionQueue } from '../src/index.ts';
import { type PrivateRedis, startPrivateRedis } from '../src/redis-server/index.ts';

const logger = createLogger({ service: 'test', level: 'silent' });

let directory: string;
let server: PrivateRedis;
let connection: RedisConnection;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'watchword-retention-'));
  server = await startPrivateRedis({ directory, progress: () => undefined });
  connection = await connectRedis({ url: new Secret(server.url), name: 'test', profile: 'worker', logger });
});
afterEach(async () => {
  connection.disconnect();
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
});

const msOf = async (work: () => Promise<void>) => {
  const since = performance.now();
  await work();
  return performance.now() - since;
};

test('closing ends in bounded time though Redis is away', async () => {
  const queue = await startRetentionQueue({
    connection,
    pattern: '0 0 1 1 *',
    logger,
    process: async () => undefined,
  });
  await server.stop();
  expect(await msOf(queue.close)).toBeLessThan(4_000);
});

test('closing tells the job that runs, waits for it, and lets nothing more begin', async () => {
  const begun = new EventTarget();
  const seen: string[] = [];
  const isRunning = once(begun, 'begun');
  const queue = await startRetentionQueue({
    connection,
    pattern: '* * * * * *',
    logger,
    async process(signal) {
      seen.push('begun');
      begun.dispatchEvent(new Event('begun'));
      await once(signal, 'abort');
      seen.push('ended');
      throw signal.reason;
    },
  });
  await isRunning;
  await queue.close();
  expect(seen).toEqual(['begun', 'ended']);
});
