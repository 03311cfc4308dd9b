import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createDisposer, createLogger, type Disposer, openRedis, Secret, StartupError } from '../src/index.ts';
import { type PrivateRedis, startPrivateRedis } from '../src/redis-server/index.ts';

let directory: string;
let server: PrivateRedis;
let admin: Redis;
let disposer: Disposer;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'watchword-boot-'));
  server = await startPrivateRedis({ directory, progress: () => undefined });
  admin = new Redis(server.url, { replyMapping: 'legacy' });
});
afterAll(async () => {
  admin.disconnect();
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
});
beforeEach(() => {
  disposer = createDisposer();
});
afterEach(() => disposer.dispose());

/** Opens Redis as each service does when it starts; returns what it logged. */
async function open(url: string, keys: Parameters<typeof openRedis>[0]['keys'] = {}): Promise<string> {
  let log = '';
  const destination = new Writable({
    write(chunk: Buffer, _, done) {
      log += chunk.toString('utf8');
      done();
    },
  });
  const logger = createLogger({ service: 'test', level: 'warn', destination });
  await openRedis({ url: new Secret(url), name: 'test', profile: 'request', logger, keys }, disposer);
  return log;
}

/** Sets one thing for one test. */
async function configure(name: string, value: string): Promise<void> {
  const [, before] = (await admin.config('GET', name)) as [string, string];
  await admin.config('SET', name, value);
  disposer.add(() => admin.config('SET', name, before));
}

test('a Redis with noeviction, an append-only file and a new enough version is taken in silence', async () => {
  expect(await open(server.url)).toBe('');
});

test.each(['allkeys-lru', 'volatile-ttl'])('a Redis that would evict (%s) is refused', async (policy) => {
  await configure('maxmemory-policy', policy);
  await expect(open(server.url)).rejects.toThrow(
    new StartupError(`Redis would evict open verifications: set maxmemory-policy to noeviction (it is ${policy}).`),
  );
});

test('a Redis that forgets at a restart is taken with a loud warning', async () => {
  await configure('appendonly', 'no');
  const [line] = (await open(server.url)).split('\n');
  expect(JSON.parse(line ?? '')).toMatchObject({ level: 'warn', msg: expect.stringContaining('set appendonly yes') });
});

test('a Redis before 7 is refused', async () => {
  // The real server, except that its INFO claims another version.
  const proxy = createServer((client) => {
    const upstream = connect(server.port, '127.0.0.1');
    upstream.on('data', (chunk: Buffer) => {
      client.write(chunk.toString('latin1').replace(/redis_version:\d/, 'redis_version:6'), 'latin1');
    });
    client.pipe(upstream);
    for (const socket of [client, upstream]) {
      socket.on('error', () => undefined);
      socket.once('close', () => [client, upstream].forEach((each) => each.destroy()));
    }
  });
  await new Promise<void>((resolve) => {
    proxy.listen(0, '127.0.0.1', resolve);
  });
  disposer.add(() => proxy.close());
  const url = new URL(server.url);
  url.port = String((proxy.address() as AddressInfo).port);
  await expect(open(url.toString())).rejects.toThrow(/^Redis 6\.\S+ is too old: Watchword needs Redis 7 or newer\.$/);
});

test('other keys than a Redis was first used with are refused by name; a second start with the same is not', async () => {
  const keys = (fill: number) => ({ ID_KEY: new Secret(Buffer.alloc(32, fill)) });
  disposer.add(() => admin.flushall());
  await open(server.url, keys(1));
  await open(server.url, keys(1));
  await expect(open(server.url, keys(2))).rejects.toThrow(/^ID_KEY is not the one this Redis was first used with/);
});
