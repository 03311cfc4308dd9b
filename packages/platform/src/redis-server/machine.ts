import { spawn } from 'node:child_process';

export interface CommandResult {
  /** Exit code 0; false also when the program is not there or did not end in time. */
  readonly ok: boolean;
  readonly output: string;
}

/** What the search for a Redis server may ask of the machine. */
export interface Machine {
  readonly isRoot: boolean;
  run(
    command: string,
    args: readonly string[],
    options?: { argv0?: string; timeoutMs?: number },
  ): Promise<CommandResult>;
}

const COMMAND_TIMEOUT_MS = 5_000;

/** The machine this process runs on. */
export const localMachine: Machine = {
  isRoot: process.getuid?.() === 0,
  run(command, args, { argv0, timeoutMs = COMMAND_TIMEOUT_MS } = {}) {
    return new Promise((resolve) => {
      const child = spawn(command, args, {
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: timeoutMs,
        killSignal: 'SIGKILL',
        ...(argv0 === undefined ? {} : { argv0 }),
      });
      let output = '';
      const collect = (chunk: Buffer) => {
        output += chunk.toString();
      };
      child.stdout.on('data', collect);
      child.stderr.on('data', collect);
      child.on('error', (error) => resolve({ ok: false, output: error.message }));
      child.on('close', (code) => resolve({ ok: code === 0, output }));
    });
  },
};
