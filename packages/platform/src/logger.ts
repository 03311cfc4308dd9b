import pino, { type DestinationStream, type Logger } from 'pino';

export type { Logger };

export interface LoggerOptions {
  readonly service: string;
  readonly level: string;
  readonly destination?: DestinationStream;
}

const UNREAD_BYTES_MAX = 16 * 1024 * 1024;
let sharedStderr: DestinationStream | undefined;

/**
 * One for all loggers of the process, so that no line is cut by another. Not synchronous: who reads it slowly (a full pipe)
 * would stop the event loop. Lines wait up to a bound, past which they are dropped; an exit writes what is left.
 */
function stderr(): DestinationStream {
  sharedStderr ??= pino.destination({ fd: 2, sync: false, maxLength: UNREAD_BYTES_MAX });
  return sharedStderr;
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
