import pino, { type DestinationStream, type Logger } from 'pino';

export type { Logger };

export interface LoggerOptions {
  readonly service: string;
  readonly level: string;
  readonly destination?: DestinationStream;
}

const UNREAD_BYTES_MAX = 16 * 1024 * 1024;
let sharedStderr: ReturnType<typeof pino.destination> | undefined;

/**
 * One for all loggers of the process, so that no line is cut by another. Not synchronous: who reads it slowly (a full pipe)
 * would stop the event loop. Lines wait up to a bound, past which they are dropped.
 */
function stderr(): DestinationStream {
  // Each line is written at once, as with 0; but with that a flush would not wait.
  sharedStderr ??= pino.destination({ fd: 2, sync: false, minLength: 1, maxLength: UNREAD_BYTES_MAX });
  return sharedStderr;
}

/** Writes every line logged so far. Before an exit, which would lose the lines that are just being written. */
export function flushLogs(): Promise<void> {
  return new Promise((resolve) => {
    if (sharedStderr === undefined) resolve();
    else sharedStderr.flush(() => resolve());
  });
}

/** JSON lines on stderr: stdout is for what a person asked to see. */
export function createLogger({ service, level, destination }: LoggerOptions): Logger {
  return pino(
    {
      level,
      base: { service, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError },
    },
    destination ?? stderr(),
  );
}

/** Name, message and stack of an error and of its causes; never its own fields, where SDKs keep codes and credentials. */
export function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error };
  return {
    type: error.name,
    message: error.message,
    stack: error.stack,
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
  };
}
