import { type ChildProcess, spawn } from 'node:child_process';

export interface ToolOptions {
  readonly cwd?: string;
  /** Added to our environment. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Written to its stdin. */
  readonly input?: string;
}

/** As apt-get, go, initdb, postgres, tar and dpkg-deb begin theirs, or name what is missing. */
const COMPLAINT = /^E: |^[\w-]+: error|ERROR:|FATAL:|no such host|connection refused|\bENOENT\b/;

/** A program ended with another code than 0. */
export class ToolFailed extends Error {
  override readonly name = 'ToolFailed';
  /** All that it wrote. */
  readonly output: string;

  constructor(command: string, output: string) {
    const lines = output.trim().split('\n');
    // The first complaint is the cause; what follows it are consequences.
    const complaint = lines.find((line) => COMPLAINT.test(line)) ?? lines.at(-1);
    super(`${command}: ${complaint || 'it gave no reason'}`);
    this.output = output;
  }
}

/** Runs a program of the machine to its end. @throws ToolFailed, also when the program is not there. */
export async function runTool(command: string, args: readonly string[], options: ToolOptions = {}): Promise<string> {
  const child = spawn(...boundToUs(command, args), {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...process.env, LC_ALL: 'C', ...options.environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin?.on('error', () => {
    // It ended before it had read all: its exit code tells.
  });
  child.stdin?.end(options.input ?? '');
  return collect(command, child);
}

/** `producer | consumer`. @throws ToolFailed of the one that failed. */
export async function pipeTools(producer: readonly string[], consumer: readonly string[]): Promise<void> {
  const [from = '', ...fromArgs] = producer;
  const [to = '', ...toArgs] = consumer;
  const source = spawn(...boundToUs(from, fromArgs), { stdio: ['ignore', 'pipe', 'pipe'] });
  const sink = spawn(...boundToUs(to, toArgs), { stdio: ['pipe', 'pipe', 'pipe'] });
  sink.stdin?.on('error', () => {
    // It ended before it had read all: its exit code tells.
  });
  source.stdout?.pipe(sink.stdin as NodeJS.WritableStream);
  source.stdout?.on('close', () => sink.stdin?.end());
  await Promise.all([collect(from, source, false), collect(to, sink)]);
}

/** What we started ends with us: a download that nobody waits for is none. */
function boundToUs(command: string, args: readonly string[]): [string, string[]] {
  return ['setpriv', ['--pdeathsig=TERM', '--', command, ...args]];
}

function collect(command: string, child: ChildProcess, withStdout = true): Promise<string> {
  let output = '';
  const add = (chunk: Buffer) => {
    output += chunk.toString();
  };
  if (withStdout) child.stdout?.on('data', add);
  child.stderr?.on('data', add);
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new ToolFailed(command, error.message)));
    child.once('close', (code) => {
      if (code === 0) resolve(output);
      else reject(new ToolFailed(command, output));
    });
  });
}
