import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const STOP_MS = 20_000;

/** A process of the platform, as `npm run start:<service>` runs it. */
export interface Child {
  readonly pid: number;
  /** What it wrote to stdout and stderr so far. */
  output(): string;
  /** Resolves with the ready line. */
  readonly ready: Promise<string>;
  kill(signal: NodeJS.Signals): void;
  hasEnded(): boolean;
  /** Resolves once it has ended. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** SIGTERM, and SIGKILL should it hang. */
  stop(): Promise<void>;
}

/** Starts a TypeScript file of the repository; `environment` is all it gets beside PATH. */
export function startChild(file: string, environment: Readonly<Record<string, string>>): Child {
  const child = spawn(process.execPath, ['--conditions=watchword-source', '--max-semi-space-size=4', file], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: `${ROOT}node_modules/.cache/node-compile`, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const collect = (chunk: Buffer) => {
    output += chunk.toString('utf8');
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const ended = new Promise<Awaited<Child['ended']>>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  return {
    pid: child.pid as number,
    output: () => output,
    ready: waitForReadyLine(child, () => output),
    kill: (signal) => {
      child.kill(signal);
    },
    hasEnded,
    ended,
    async stop() {
      if (hasEnded()) return;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}

async function waitForReadyLine(child: ChildProcess, output: () => string): Promise<string> {
  for (;;) {
    const line = output()
      .split('\n')
      .slice(0, -1)
      .find((candidate) => candidate.startsWith('ready'));
    if (line !== undefined) return line;
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`It ended before it was ready:\n${output()}`);
    await Promise.race([once(child.stdout as NodeJS.ReadableStream, 'data'), once(child, 'close')]);
  }
}
