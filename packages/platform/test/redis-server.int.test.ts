import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  DataDirectoryInUseError,
  findPrivateRedis,
  type PrivateRedis,
  startPrivateRedis,
} from '../src/redis-server/index.ts';

let directory: string;
let lines: string[];
let cleanUps: (() => unknown)[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'watchword redis '));
  lines = [];
  cleanUps = [];
});

afterEach(async () => {
  for (const cleanUp of cleanUps.toReversed()) await cleanUp();
  rmSync(directory, { recursive: true, force: true });
});

async function start(options: { supervised?: boolean } = {}): Promise<PrivateRedis> {
  const redis = await startPrivateRedis({ directory, progress: (line) => lines.push(line), ...options });
  cleanUps.push(() => redis.stop());
  return redis;
}

function connect(url: string): Redis {
  const client = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null });
  client.on('error', () => {
    // Servers are killed here on purpose; what matters is asserted on the calls.
  });
  cleanUps.push(() => client.disconnect());
  return client;
}

async function until<T>(what: string, look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const since = performance.now();
  while (performance.now() - since < 10_000) {
    const seen = await look();
    if (seen !== undefined) return seen;
    await delay(10);
  }
  throw new Error(`Not within 10 s: ${what}`);
}

const isAlive = (pid: number) => {
  try {
    // A zombie that nobody collects still takes signals.
    process.kill(pid, 0);
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
};

/** A process of its own that owns the private Redis of `directory`. */
async function startOwner(): Promise<{ owner: ChildProcess; redis: { pid: number; port: number; url: string } }> {
  const fixture = fileURLToPath(new URL('./redis-owner.fixture.ts', import.meta.url));
  const owner = spawn(process.execPath, ['--conditions=watchword-source', fixture, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  cleanUps.push(() => owner.kill('SIGKILL'));
  const [line] = (await once(createInterface({ input: owner.stdout }), 'line')) as [string];
  const redis = JSON.parse(line) as { pid: number; port: number; url: string };
  cleanUps.push(() => isAlive(redis.pid) && process.kill(redis.pid, 'SIGKILL'));
  return { owner, redis };
}

async function kill(process: ChildProcess): Promise<void> {
  const exited = once(process, 'exit');
  process.kill('SIGKILL');
  await exited;
}

describe('a private Redis', () => {
  it('answers only to its password, which no list of processes and no readable file shows', async () => {
    const redis = await start();
    expect(await connect(redis.url).ping()).toBe('PONG');
    await expect(connect(`redis://127.0.0.1:${redis.port}`).ping()).rejects.toThrow(/NOAUTH/);

    const password = new URL(redis.url).password;
    expect(readFileSync(`/proc/${redis.pid}/cmdline`, 'utf8')).not.toContain(password);
    expect(readFileSync(join(directory, 'redis.log'), 'utf8')).not.toContain(password);
    for (const file of ['redis.conf', 'redis.json']) expect(statSync(join(directory, file)).mode & 0o077).toBe(0);
    expect(await findPrivateRedis(directory)).toEqual({ url: redis.url, port: redis.port });
  });

  it('has an end to its memory, so that sending can be shed before the machine is full', async () => {
    const client = connect((await start()).url);
    const [, max] = await client.config('GET', 'maxmemory');
    expect(Number(max)).toBeGreaterThanOrEqual(256 * 1024 * 1024);
    expect(Number(max)).toBeLessThanOrEqual(Math.max(totalmem() / 4, 256 * 1024 * 1024));
  });

  it('leaves no process and frees its directory when stopped, and keeps data and address for the next start', async () => {
    const first = await start();
    await connect(first.url).set('kept', 'yes');
    await first.stop();
    expect(isAlive(first.pid)).toBe(false);
    expect(await findPrivateRedis(directory)).toBeUndefined();

    const second = await start();
    expect(second.url).toBe(first.url);
    expect(await connect(second.url).get('kept')).toBe('yes');
    expect(lines).toEqual([]);
  });

  it('loses no acknowledged write when it is killed under load, and is there again on the same address', async () => {
    const redis = await start({ supervised: true });
    const { pid } = redis;
    const clients = Array.from({ length: 10 }, () => connect(redis.url));
    let acknowledged = 0;
    const writing = clients.map(async (client, writer) => {
      let value = 0;
      try {
        for (; ; value += 1) {
          await client.set(`w${writer}`, value + 1);
          acknowledged += 1;
        }
      } catch {
        return value;
      }
    });
    await until('writes under way', () => (acknowledged > 500 ? true : undefined));
    process.kill(pid, 'SIGKILL');
    const lastAcknowledged = await Promise.all(writing);

    await until('another process', () => (redis.pid === pid ? undefined : true));
    const reader = await until('an answer', async () => {
      const client = connect(redis.url);
      return (await client.ping().catch(() => undefined)) && client;
    });
    for (const [writer, value] of lastAcknowledged.entries()) {
      expect(Number(await reader.get(`w${writer}`))).toBeGreaterThanOrEqual(value);
    }
    expect(lines).toEqual(['Redis: the private server ended (SIGKILL); starting it again']);
  });

  it('tells once that it is gone when nobody asked to start it again', async () => {
    const redis = await start();
    const ends: unknown[] = [];
    redis.onExit((end) => ends.push(end));
    process.kill(redis.pid, 'SIGKILL');
    await until('the news', () => ends[0]);
    expect(ends).toEqual([{ code: null, signal: 'SIGKILL' }]);
  });
});

describe('a private Redis whose owner was killed', () => {
  it('is recognised, said, and replaced on the same address with its data', async () => {
    const { owner, redis: stale } = await startOwner();
    await connect(stale.url).set('kept', 'yes');
    await kill(owner);
    expect(isAlive(stale.pid)).toBe(true);

    const redis = await start();
    expect(isAlive(stale.pid)).toBe(false);
    expect(redis.url).toBe(stale.url);
    expect(await connect(redis.url).get('kept')).toBe('yes');
    expect(lines).toEqual([
      `${directory}: its last owner, process ${owner.pid}, ended without cleaning up`,
      `Redis: taking over from the private server that an earlier run left behind (process ${stale.pid})`,
    ]);
  });

  it('is replaced even when it is stopped and does not answer', async () => {
    const { owner, redis: stale } = await startOwner();
    await connect(stale.url).set('kept', 'yes');
    await kill(owner);
    process.kill(stale.pid, 'SIGSTOP');

    const redis = await start();
    expect(isAlive(stale.pid)).toBe(false);
    expect(await connect(redis.url).get('kept')).toBe('yes');
  }, 15_000);

  it('never ends a process that merely has its old id', async () => {
    const stranger = spawn('sleep', ['60'], { stdio: 'ignore' });
    cleanUps.push(() => stranger.kill('SIGKILL'));
    const state = { pid: stranger.pid, identity: 'another boot:1', container: null, port: 1, password: 'p' };
    writeFileSync(join(directory, 'redis.json'), JSON.stringify(state));
    await start();
    expect(isAlive(stranger.pid ?? 0)).toBe(true);
    expect(lines).toEqual([]);
  });
});

describe('a second owner of one directory', () => {
  it('is refused in one line that names the first, whose Redis goes on', async () => {
    const { owner, redis } = await startOwner();
    const refused = await start().catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(DataDirectoryInUseError);
    expect((refused as Error).message).toBe(
      `${directory} is in use by process ${owner.pid}: end it, or set DATA_DIR to another directory.`,
    );
    expect(await connect(redis.url).ping()).toBe('PONG');
  });
});
