import { randomBytes } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { StartupError } from '../errors.ts';
import { acquireDataDirectory } from './data-directory-lock.ts';
import { freePort } from './free-port.ts';
import { localMemory, maxMemoryOf } from './max-memory.ts';
import { processIdentity } from './process-identity.ts';
import { askRedisInfo } from './redis-info.ts';
import { launchRedis, type RedisEnd, type RedisProcess, waitUntilRedisAnswers } from './redis-process.ts';
import { endLiveServer, findLiveServer, readRedisState, writeRedisState } from './redis-state.ts';
import { type Progress, type RedisServerCommand, resolveRedisServer } from './resolve-redis-server.ts';
import { createRestartBudget } from './restart-budget.ts';

export interface StartPrivateRedisOptions {
  /** For this server alone; made when missing. */
  readonly directory: string;
  readonly progress: Progress;
  /** How to run it; searched for when absent. */
  readonly server?: RedisServerCommand;
  /** Start it again, with the same port, password and data, when it dies; at most 10 times a minute. */
  readonly supervised?: boolean;
}

export interface PrivateRedis {
  /** `redis://default:password@127.0.0.1:port`, the same for every later start in this directory while the port is free. */
  readonly url: string;
  readonly port: number;
  /** Of the process that runs now. */
  readonly pid: number;
  /** Ends it and frees the directory. Safe to call twice. */
  stop(): Promise<void>;
  /** Called once if the server is gone for good without `stop`. */
  onExit(listener: (end: RedisEnd) => void): void;
}

/** What stays the same when the server is started again. */
interface Seat {
  readonly server: RedisServerCommand;
  readonly directory: string;
  readonly port: number;
  readonly password: string;
}

const PORT_TRIES = 5;
const RESTARTS = { restartsMax: 10, windowMs: 60_000 };

/**
 * Runs a Redis of our own on loopback, whose data stays in `directory`. A server that an earlier owner left there (it was
 * killed) is recognised, ended in order and replaced on the same port, so that other processes find it again.
 *
 * @throws DataDirectoryInUseError when another living process runs one there.
 */
export async function startPrivateRedis(options: StartPrivateRedisOptions): Promise<PrivateRedis> {
  const { progress, supervised = false } = options;
  const lock = acquireDataDirectory(options.directory, progress);
  try {
    const directory = realpathSync(options.directory);
    const server = options.server ?? (await resolveRedisServer({ progress }));
    const { seat, started } = await takeSeat(server, directory, progress);
    return superviseRedis({ seat, started, supervised, progress, release: lock.release });
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** The private server that runs for a directory, whoever owns it. */
export async function findPrivateRedis(directory: string): Promise<Pick<PrivateRedis, 'url' | 'port'> | undefined> {
  const state = readRedisState(directory);
  const info = state && (await askRedisInfo(state.port, state.password));
  return info ? { url: urlOf(state), port: state.port } : undefined;
}

async function takeSeat(server: RedisServerCommand, directory: string, progress: Progress) {
  const earlier = readRedisState(directory);
  const live = earlier && (await findLiveServer(earlier));
  if (live) {
    const name = 'pid' in live ? `process ${live.pid}` : `container ${live.container}`;
    progress(`Redis: taking over from the private server that an earlier run left behind (${name})`);
    await endLiveServer(live);
  }
  const password = earlier?.password ?? randomBytes(32).toString('base64url');
  for (let tries = 1; ; tries += 1) {
    const port = (tries === 1 && earlier && (await freePort(earlier.port))) || (await freePort());
    if (port === undefined) throw new StartupError('Redis: no free port on 127.0.0.1.');
    const seat: Seat = { server, directory, port, password };
    const started = launchInto(seat, false);
    try {
      await waitUntilRedisAnswers(started, port, password);
      return { seat, started };
    } catch (error) {
      await started.stop();
      // Between our look and its start somebody may have taken the port.
      if (tries < PORT_TRIES && (await freePort(port)) === undefined) continue;
      throw new StartupError(`${error instanceof Error ? error.message : String(error)} (see ${started.logPath})`);
    }
  }
}

/** The state is written before the start too: whenever we are killed, port and password tell what was left running. */
function launchInto({ server, directory, port, password }: Seat, keepLog: boolean): RedisProcess {
  const state = { pid: null, identity: null, container: null, port, password };
  writeRedisState(directory, state);
  const started = launchRedis({
    server,
    keepLog,
    config: { port, directory, password, persistence: 'append-only', maxMemoryBytes: maxMemoryOf(localMemory()) },
  });
  const { pid, container } = started;
  writeRedisState(directory, { ...state, pid: pid || null, identity: processIdentity(pid) ?? null, container });
  return started;
}

interface SuperviseOptions {
  readonly seat: Seat;
  readonly started: RedisProcess;
  readonly supervised: boolean;
  readonly progress: Progress;
  readonly release: () => void;
}

function superviseRedis({ seat, started, supervised, progress, release }: SuperviseOptions): PrivateRedis {
  const budget = createRestartBudget({ ...RESTARTS, now: () => performance.now() });
  const listeners: ((end: RedisEnd) => void)[] = [];
  let current = started;
  let stopping = false;

  const watch = async () => {
    for (;;) {
      const end = await current.ended;
      if (stopping) return;
      const reason = end.signal ?? `exit code ${end.code}`;
      if (!supervised || !budget.spend()) {
        progress(`Redis: the private server is gone (${reason})${supervised ? ', too often to start it again' : ''}`);
        for (const listener of listeners) listener(end);
        return;
      }
      progress(`Redis: the private server ended (${reason}); starting it again`);
      try {
        current = launchInto(seat, true);
      } catch (error) {
        progress(`Redis: it cannot be started again (${error instanceof Error ? error.message : 'unknown'})`);
        for (const listener of listeners) listener(end);
        return;
      }
      try {
        await waitUntilRedisAnswers(current, seat.port, seat.password);
      } catch {
        // Its end is seen above, where it counts against the budget and is said.
        await current.stop();
      }
    }
  };
  const watching = watch();
  // A process that is forced to end has no time for `stop`; Redis syncs its files on SIGTERM by itself.
  const endOnExit = () => {
    process.kill(current.pid, 'SIGTERM');
  };
  process.once('exit', endOnExit);

  return {
    url: urlOf(seat),
    port: seat.port,
    get pid() {
      return current.pid;
    },
    async stop() {
      stopping = true;
      process.off('exit', endOnExit);
      await current.stop();
      await watching;
      release();
    },
    onExit: (listener) => {
      listeners.push(listener);
    },
  };
}

function urlOf({ port, password }: { port: number; password: string }): string {
  // With a user: redis-cli refuses a password without one.
  return `redis://default:${password}@127.0.0.1:${port}`;
}
