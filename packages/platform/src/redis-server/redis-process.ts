import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { localMachine } from './machine.ts';
import { writePrivateFile } from './private-file.ts';
import { type RedisConfig, renderRedisConfig } from './redis-config.ts';
import { askRedisInfo } from './redis-info.ts';
import type { RedisServerCommand } from './resolve-redis-server.ts';

export interface RedisEnd {
  readonly code: number | null;
  readonly signal: string | null;
}

/** A server that was started; it may not answer yet. */
export interface RedisProcess {
  /** Of the server, or of the Docker client that runs its container. */
  readonly pid: number;
  readonly container: string | null;
  readonly logPath: string;
  readonly ended: Promise<RedisEnd>;
  /** SIGTERM, on which Redis syncs its files; SIGKILL when it does not end in time. Resolves when it has ended. */
  stop(): Promise<void>;
}

export interface LaunchRedisOptions {
  readonly server: RedisServerCommand;
  /** Its directory must exist; the server's config and log are written there. */
  readonly config: RedisConfig;
  /** Keep the log of the run before: it tells why that ended. */
  readonly keepLog?: boolean;
}

const STOP_MS = 5_000;
const ANSWER_MS = 10_000;
const POLL_MS = 20;

/**
 * Starts a server in a process group of its own, so that a terminal's Ctrl-C reaches us and not it: it must outlive the
 * services that finish their work. The password is in a file for its owner only, never in the list of processes.
 */
export function launchRedis({ server, config, keepLog = false }: LaunchRedisOptions): RedisProcess {
  const { directory, port } = config;
  const configPath = join(directory, 'redis.conf');
  const logPath = join(directory, 'redis.log');
  const log = openSync(logPath, keepLog ? 'a' : 'w', 0o600);
  const stdio = ['ignore', log, log] as const;
  let child: ChildProcess;
  let container: string | null = null;
  if (server.kind === 'binary') {
    writePrivateFile(configPath, renderRedisConfig(config));
    child = spawn(server.command, [configPath], { argv0: server.argv0, detached: true, stdio: [...stdio] });
  } else {
    container = `watchword-redis-${randomBytes(6).toString('hex')}`;
    writePrivateFile(configPath, renderRedisConfig({ ...config, directory: '/data', inContainer: true }));
    child = spawn('docker', dockerArguments(server.image, container, directory, port), {
      detached: true,
      stdio: [...stdio],
    });
  }
  closeSync(log);
  return describeProcess(child, container, logPath);
}

function dockerArguments(image: string, container: string, directory: string, port: number): string[] {
  const user = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;
  const run = ['run', '--rm', '--name', container, '--user', user, '--publish', `127.0.0.1:${port}:${port}`];
  return [...run, '--volume', `${directory}:/data`, image, 'redis-server', '/data/redis.conf'];
}

function describeProcess(child: ChildProcess, container: string | null, logPath: string): RedisProcess {
  const ended = new Promise<RedisEnd>((resolve) => {
    child.once('error', () => resolve({ code: null, signal: null }));
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  const stop = async () => {
    if (container) {
      await localMachine.run('docker', ['stop', '--time', '5', container], { timeoutMs: 2 * STOP_MS });
    } else {
      child.kill('SIGTERM');
      // One that was stopped (SIGSTOP) must run to see that it shall end.
      child.kill('SIGCONT');
    }
    if (await endsWithin(ended, STOP_MS)) return;
    if (container) await localMachine.run('docker', ['rm', '--force', container]);
    child.kill('SIGKILL');
    await ended;
  };
  return { pid: child.pid ?? 0, container, logPath, ended, stop };
}

async function endsWithin(ended: Promise<unknown>, milliseconds: number): Promise<boolean> {
  const expired = new AbortController();
  try {
    const timer = delay(milliseconds, false, { signal: expired.signal });
    return await Promise.race([ended.then(() => true), timer]);
  } finally {
    expired.abort();
  }
}

/**
 * Resolves when the server answers and has read its files, however long the reading takes.
 *
 * @throws Error with the last line of its log when it ended, or has not answered for 10 s.
 */
export async function waitUntilRedisAnswers(started: RedisProcess, port: number, password?: string): Promise<void> {
  let end: RedisEnd | undefined;
  void started.ended.then((seen) => {
    end = seen;
  });
  let silentSince = performance.now();
  while (performance.now() - silentSince < ANSWER_MS) {
    const info = await askRedisInfo(port, password);
    if (end) break;
    if (info?.loading === false) return;
    if (info) silentSince = performance.now();
    await delay(POLL_MS);
  }
  throw new Error(`Redis ${end ? 'ended at its start' : 'does not answer'}: ${lastLine(started.logPath)}`);
}

function lastLine(path: string): string {
  return readFileSync(path, 'utf8').trim().split('\n').at(-1) || 'its log is empty';
}
