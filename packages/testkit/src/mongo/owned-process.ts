import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { isRunning, processTree, signalIfThere } from './process-tree.ts';

/** Whom a program runs as. */
export interface User {
  readonly uid: number;
  readonly gid: number;
}

export interface OwnedProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** It works there: what a killed test run leaves is found by that. */
  readonly cwd: string;
  readonly logPath: string;
  /** Ends it in order; it gets this too when we die. */
  readonly endSignal: NodeJS.Signals;
  /** Absent: as we are. */
  readonly user?: User | undefined;
}

/** A server process that ends with ours, however ours ends. */
export interface OwnedProcess {
  /** Resolves with how it ended and its last words. */
  readonly ended: Promise<string>;
  hasEnded(): boolean;
  /** The end signal, and SIGKILL to it and its descendants should it hang. */
  stop(): Promise<void>;
  /** Sends a signal to it and its descendants. */
  signalTree(signal: 'SIGSTOP' | 'SIGCONT'): void;
  /** SIGKILL to it and its descendants; resolves when none is left. */
  kill(): Promise<void>;
}

const STOP_MS = 10_000;
const POLL_MS = 10;

/**
 * Starts a program in a session of its own, so that a terminal's Ctrl-C reaches us and not it. The kernel tells it of our
 * death (PR_SET_PDEATHSIG, prctl(2)), where util-linux' setpriv is there to ask for that.
 */
export function launchOwnedProcess(options: OwnedProcessOptions): OwnedProcess {
  const { cwd, logPath, endSignal } = options;
  const log = openSync(logPath, 'a', 0o600);
  const [command, ...args] = boundToUs(options);
  const child = spawn(command, args, {
    cwd,
    // Nothing of our environment but what finds programs: some of these servers read settings from theirs.
    env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const hasEnded = () => child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) =>
      resolve(`${signal ?? `exit code ${code}`}; its log ends: ${lastLine(logPath)}`),
    );
  });
  const tree = () => (child.pid === undefined || hasEnded() ? [] : processTree(child.pid));
  const signalTree = (signal: NodeJS.Signals) => {
    for (const pid of tree()) signalIfThere(pid, signal);
  };
  const kill = async () => {
    // A parent that stands still has no more children while we count them.
    child.kill('SIGSTOP');
    const pids = tree();
    for (const pid of pids) signalIfThere(pid, 'SIGKILL');
    await ended;
    while (pids.some(isRunning)) await delay(POLL_MS);
  };
  return {
    ended,
    hasEnded,
    signalTree,
    kill,
    async stop() {
      if (hasEnded()) return;
      child.kill(endSignal);
      // Who was paused must run to see that it shall end.
      signalTree('SIGCONT');
      const timer = setTimeout(() => void kill(), STOP_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}

function boundToUs({ command, args, endSignal, user }: OwnedProcessOptions): [string, ...string[]] {
  const as = user && [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups'];
  if (!as && !hasSetpriv()) return [command, ...args];
  return ['setpriv', ...(as ?? []), `--pdeathsig=${endSignal.slice('SIG'.length)}`, '--', command, ...args];
}

/** Is util-linux' setpriv there? macOS has none, and busybox' own cannot do all this. */
export function hasSetpriv(): boolean {
  const { stdout } = spawnSync('setpriv', ['--version'], { encoding: 'utf8' });
  return /util-linux/.test(stdout ?? '');
}

function lastLine(path: string): string {
  return readFileSync(path, 'utf8').trim().split('\n').at(-1) || 'it is empty';
}
