import { StartupError } from './errors.ts';
import { flushLogs } from './logger.ts';

/** Something that was started, and its end. */
export interface Stoppable {
  /** Finishes what was accepted, then ends everything that was started. Safe to call once. */
  close(): Promise<void>;
  /** How long `close` may take when a signal asks for it. */
  readonly stopGraceSeconds: number;
  /** What `close` waits for now, in words. */
  pending(): string | undefined;
}

/** A composed service: what it listens on, and its end. */
export interface RunningService extends Stoppable {
  readonly name: string;
  /** Base URL of its HTTP interface, when it has one. */
  readonly url: string | null;
  /** Base URL of `/livez`, `/readyz` and `/metrics`. */
  readonly adminUrl: string;
  /** `smtp://host:port` of its mail relay, when it has one. */
  readonly smtpUrl?: string;
}

const REPEATED_SIGNAL_MS = 1_000;

/**
 * Starts what `start` composes, prints its ready line, and ends it on SIGTERM, SIGINT or SIGHUP: exit code 0 when all that was
 * accepted is finished, 1 and a line that says what is not when the grace time passes. A second signal forces the exit (130);
 * one within a second of the first does not count, since a terminal's Ctrl-C may arrive twice (from it and from a parent).
 */
export async function runUntilSignal<T extends Stoppable>(
  start: () => Promise<T>,
  describe: (running: T) => string,
): Promise<void> {
  let stopRequestedAt: number | undefined;
  const requested = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (stopRequestedAt !== undefined && Date.now() - stopRequestedAt > REPEATED_SIGNAL_MS) process.exit(130);
        stopRequestedAt ??= Date.now();
        resolve();
      });
    }
  });
  try {
    const running = await start();
    process.stdout.write(`${describe(running)}\n`);
    await requested;
    await closeInTime(running);
    await flushLogs();
    process.exit(0);
  } catch (error) {
    await flushLogs();
    process.stderr.write(`${explainCrash(error)}\n`);
    process.exit(1);
  }
}

class StopTimeout extends Error {
  override readonly name = 'StopTimeout';
}

/** Throws a StopTimeout. What did not end then ends with the process: a delivery that was cut is claimed anew by a worker. */
async function closeInTime({ close, stopGraceSeconds, pending }: Stoppable): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const passed = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new StopTimeout(`Not ended within ${stopGraceSeconds} s: ${pending() ?? 'a clean-up'}.`)),
      stopGraceSeconds * 1_000,
    );
  });
  await Promise.race([close(), passed]);
  clearTimeout(timer);
}

/** The ready line of a service started alone. */
export function describeService({ name, url, smtpUrl, adminUrl }: RunningService): string {
  const places = [url, smtpUrl].flatMap((place) => (place ? [` ${place}`] : [])).join('');
  return `ready ${name}${places} metrics ${adminUrl}/metrics`;
}

/** One line for what the operator can mend: ours, and what the operating system refused. A stack for a mistake of ours. */
function explainCrash(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof StartupError || error instanceof StopTimeout || 'syscall' in error) return error.message;
  return error.stack ?? error.message;
}
