import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { ROOT } from './setup-error.mjs';

/** Exit codes from here on stand for signals, as in a shell. */
export const SIGNAL_EXIT_CODE = 128;

/** npm passes on what the process group got as well: a signal this soon after the same one is the same one. */
const ECHO_MS = 250;

const SIGNALS = /** @type {const} */ (['SIGTERM', 'SIGINT', 'SIGHUP']);

/**
 * Runs a program in our place: its streams are ours, our signals are its, and so is how it ends. We never end before it.
 *
 * A terminal sends Ctrl-C to every process of the foreground group, so there the program gets it twice at once, and must take
 * that for one; unless it was given a group of its own, which `onStart` then learns.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @param {(group: number) => void} [onStart]
 * @returns {Promise<number>} its exit code; 128 + n when signal n ended it
 */
export function handOver(command, args, env, onStart) {
  const hasOwnGroup = onStart !== undefined;
  const child = spawn(command, args, { cwd: ROOT, env, stdio: 'inherit', detached: hasOwnGroup });
  if (child.pid !== undefined) onStart?.(child.pid);
  const lastAt = new Map();
  /** @param {NodeJS.Signals} signal */
  const forward = (signal) => {
    const isEcho = performance.now() - (lastAt.get(signal) ?? Number.NEGATIVE_INFINITY) < ECHO_MS;
    lastAt.set(signal, performance.now());
    if (!isEcho) child.kill(signal);
  };
  for (const signal of SIGNALS) process.on(signal, forward);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      for (const each of SIGNALS) process.off(each, forward);
      resolve(code ?? SIGNAL_EXIT_CODE + constants.signals[signal ?? 'SIGTERM']);
    });
  });
}
