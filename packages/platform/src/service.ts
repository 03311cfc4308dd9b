import { StartupError } from './errors.ts';

/** A composed service: what it listens on, and its end. */
export interface RunningService {
  readonly name: string;
  /** Base URL of its HTTP interface, when it has one. */
  readonly url: string | null;
  /** Base URL of `/livez`, `/readyz` and `/metrics`. */
  readonly adminUrl: string;
  /** Finishes what was accepted, then ends everything the service started. Safe to call once. */
  close(): Promise<void>;
}

const REPEATED_SIGNAL_MS = 1_000;

/**
 * Starts what `start` composes, prints its ready line, and ends it on SIGTERM, SIGINT or SIGHUP. A second signal forces the exit;
 * one within a second of the first does not count, since a terminal's Ctrl-C may arrive twice (from it and from a parent).
 */
export async function runUntilSignal<T extends { close(): Promise<void> }>(
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
    await running.close();
    process.exit(0);
  } catch (error) {
    process.stderr.write(`${explainCrash(error)}\n`);
    process.exit(1);
  }
}

/** The ready line of a service started alone. */
export function describeService({ name, url, adminUrl }: RunningService): string {
  return `ready ${name}${url ? ` ${url}` : ''} metrics ${adminUrl}/metrics`;
}

/** One line for what the operator can mend: ours, and what the operating system refused. A stack for a mistake of ours. */
function explainCrash(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof StartupError || 'syscall' in error) return error.message;
  return error.stack ?? error.message;
}
