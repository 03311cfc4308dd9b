import type { ErrorCode } from '@watchword/contracts';
import { AppError } from '@watchword/platform';

export const notFound = (noun: string) => new AppError('not_found', { detail: `The project has no such ${noun}.` });

export const alreadyExists = (what: string) => new AppError('already_exists', { detail: what });

export const limitReached = (noun: string, most: number) =>
  new AppError('limit_reached', { detail: `A project has at most ${most} ${noun}. Delete one that is not needed.` });

/** Refuses one field of a body. */
export function refuseField(code: ErrorCode, pointer: string, detail: string): AppError {
  return new AppError(code, { detail: `${pointer}: ${detail}`, errors: [{ pointer, detail }] });
}
