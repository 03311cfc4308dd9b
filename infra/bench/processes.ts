import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Cores, cpuMicrosecondsOf, residentMegabytesOf } from './machine.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const STOP_MS = 20_000;

/** A process under test, on the tested core. */
export interface TestedProcess {
  readonly pid: number;
  /** The URL of its ready line. */
  readonly url: string;
  cpuMicroseconds(): number;
  residentMegabytes(): number;
  /** Writes a line to its stdin and resolves with the next line of its stdout. */
  ask(line: string): Promise<string>;
  stop(): Promise<void>;
}

export interface StartProcessOptions {
  /** Path in the repository. */
  readonly file: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Where its log goes: a file, since a pipe would be read on the core of the load. */
  readonly directory: string;
  readonly cores: Cores | null;
}

let logs = 0;

/** Starts a TypeScript file as `npm run start:<service>` does, pinned to the tested core. Resolves with its ready line. */
export async function startProcess(options: StartProcessOptions): Promise<TestedProcess> {
  const { file, environment, directory, cores } = options;
  const logPath = join(directory, `process-${logs++}.log`);
  const program = [process.execPath, '--conditions=watchword-source', '--max-semi-space-size=4', file];
  const [command = '', ...args] = cores ? ['taskset', '--cpu-list', String(cores.tested), ...program] : program;
  const child = spawn(command, args, {
    cwd: ROOT,
    env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE, ...environment },
    stdio: ['pipe', 'pipe', openSync(logPath, 'w')],
  });
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const pid = child.pid as number;
  const ready = await nextLine(child, lines);
  if (!ready?.startsWith('ready')) {
    child.kill('SIGKILL');
    throw new Error(`${file} did not start: ${readFileSync(logPath, 'utf8').slice(-2_000)}`);
  }
  return {
    pid,
    url: /http:\S+/.exec(ready)?.[0] ?? '',
    cpuMicroseconds: () => cpuMicrosecondsOf(pid),
    residentMegabytes: () => residentMegabytesOf(pid),
    async ask(line) {
      child.stdin?.write(`${line}\n`);
      return (await nextLine(child, lines)) ?? '';
    },
    stop: () => stop(child),
  };
}

/** Undefined when it ended instead. */
async function nextLine(child: ChildProcess, lines: Interface): Promise<string | undefined> {
  const stopWaiting = new AbortController();
  const { signal } = stopWaiting;
  try {
    return await Promise.race([
      once(lines, 'line', { signal }).then(([line]: string[]) => line),
      once(child, 'close', { signal }).then(() => undefined),
    ]);
  } finally {
    stopWaiting.abort();
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'close');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(timer);
}
