import { StartupError } from '../errors.ts';
import { localMachine, type Machine } from './machine.ts';

/** How to run a Redis server (7 or later) on this machine. */
export type RedisServerCommand =
  | {
      readonly kind: 'binary';
      readonly command: string;
      /** The name the program must believe it was called by. */
      readonly argv0: string;
      readonly version: string;
    }
  | { readonly kind: 'docker'; readonly image: string };

export type Progress = (line: string) => void;

export interface ResolveRedisServerOptions {
  readonly progress: Progress;
  readonly machine?: Machine;
}

const REDIS_IMAGE = 'redis:7-alpine';
const REDIS_MAJOR_MIN = 7;
const DOCKER_ANSWER_MS = 3_000;
const DOWNLOAD_MS = 180_000;

/**
 * Debian's `redis-tools` holds the server's binary under this name; it serves when called `redis-server`. The package
 * `redis-server` would start a system service of its own, which nobody asked for.
 */
const REDIS_TOOLS_BINARY = 'redis-check-rdb';

/**
 * Finds a Redis server, and is the only place that does: `redis-server` or `valkey-server` on PATH, the same binary as
 * Debian's `redis-tools` ships it, a Docker engine, and at last, as root on Debian, `apt-get install redis-tools`.
 *
 * @throws StartupError with one line that says what to install.
 */
export async function resolveRedisServer({
  progress,
  machine = localMachine,
}: ResolveRedisServerOptions): Promise<RedisServerCommand> {
  const tooOld: string[] = [];
  for (const command of ['redis-server', 'valkey-server', REDIS_TOOLS_BINARY]) {
    const found = await probeBinary(machine, command);
    if (found?.supported) return found.server;
    if (found) tooOld.push(`${command} ${found.server.version}`);
  }
  const server = (await findDocker(machine, progress)) ?? (await installRedisTools(machine, progress));
  if (server) return server;
  const remark = tooOld.length > 0 ? ` (found only ${tooOld.join(', ')})` : '';
  throw new StartupError(
    `No Redis 7 or later${remark}: set REDIS_URL, or install redis-server (or valkey-server, or Docker) and start again.`,
  );
}

interface ProbedBinary {
  readonly supported: boolean;
  readonly server: Extract<RedisServerCommand, { kind: 'binary' }>;
}

async function probeBinary(machine: Machine, command: string): Promise<ProbedBinary | undefined> {
  const argv0 = command === REDIS_TOOLS_BINARY ? 'redis-server' : command;
  const { ok, output } = await machine.run(command, ['--version'], { argv0 });
  const version = ok ? /\bserver v=(\d+\.\d+\.\d+)/.exec(output)?.[1] : undefined;
  if (version === undefined) return undefined;
  return {
    supported: Number.parseInt(version, 10) >= REDIS_MAJOR_MIN,
    server: { kind: 'binary', command, argv0, version },
  };
}

async function findDocker(machine: Machine, progress: Progress): Promise<RedisServerCommand | undefined> {
  const engine = await machine.run('docker', ['info', '--format', 'engine {{.ServerVersion}}'], {
    timeoutMs: DOCKER_ANSWER_MS,
  });
  if (!engine.ok || !/engine \d/.test(engine.output)) return undefined;
  if (!(await machine.run('docker', ['image', 'inspect', REDIS_IMAGE])).ok) {
    progress(`Redis: pulling the image ${REDIS_IMAGE} with Docker`);
    if (!(await machine.run('docker', ['pull', '--quiet', REDIS_IMAGE], { timeoutMs: DOWNLOAD_MS })).ok) {
      progress(`Redis: Docker could not pull ${REDIS_IMAGE}`);
      return undefined;
    }
  }
  return { kind: 'docker', image: REDIS_IMAGE };
}

async function installRedisTools(machine: Machine, progress: Progress): Promise<RedisServerCommand | undefined> {
  if (!machine.isRoot || !(await machine.run('apt-get', ['--version'])).ok) return undefined;
  progress('Redis: installing the Debian package redis-tools with apt-get');
  const aptGet = (...args: string[]) =>
    machine.run('env', ['DEBIAN_FRONTEND=noninteractive', 'apt-get', '-o', 'DPkg::Lock::Timeout=60', ...args], {
      timeoutMs: DOWNLOAD_MS,
    });
  const install = () => aptGet('install', '--yes', '--no-install-recommends', 'redis-tools');
  if (!(await install()).ok) {
    progress('Redis: refreshing the list of packages with apt-get update');
    await aptGet('update');
    if (!(await install()).ok) {
      progress('Redis: apt-get could not install redis-tools');
      return undefined;
    }
  }
  const found = await probeBinary(machine, REDIS_TOOLS_BINARY);
  return found?.supported ? found.server : undefined;
}
