import { ERRORS, type ErrorCode } from '@watchword/contracts';

export interface AppErrorOptions {
  /** What happened and what to do, for the caller. */
  readonly detail?: string;
  /** JSON Pointers (RFC 6901) into the body, with what is wrong there. */
  readonly errors?: readonly { pointer: string; detail: string }[];
  readonly retryAfterSeconds?: number;
  /** The limit that was reached, by name. */
  readonly limit?: string;
  /** The call did nothing and never will, so what it was counted for is given back. A 4xx says so by itself. */
  readonly nothingDone?: true;
  /** For the log only; never a code, a key or a whole destination. */
  readonly cause?: unknown;
}

/** An unexpected or refused outcome with a public code. One handler renders it as problem+json. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly options: AppErrorOptions;

  constructor(code: ErrorCode, options: AppErrorOptions = {}) {
    super(options.detail ?? ERRORS[code].title, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.options = options;
  }
}

/** Something the operator must mend before the process can start. Its message is the one line they see. */
export class StartupError extends Error {
  override readonly name = 'StartupError';
}
