import { createHash, timingSafeEqual } from 'node:crypto';
import { AppError, modeOfApiKey, type Secret } from '@watchword/platform';
import type { Caller } from '../usecases/relay-call.ts';

const BEARER = /^Bearer +([\x21-\x7e]{1,128})$/i;

/** Returns who calls by their `Authorization` header, or null. The key is known by its SHA-256 and compared in constant time. */
export function createAuthenticate(apiKey: Secret, project: string) {
  const known = sha256(apiKey.reveal());
  return function authenticate(authorization: string | undefined): Caller | null {
    const given = authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];
    const mode = given === undefined ? undefined : modeOfApiKey(given);
    if (given === undefined || mode === undefined) return null;
    return timingSafeEqual(sha256(given), known) ? { project, mode } : null;
  };
}

export type Authenticate = ReturnType<typeof createAuthenticate>;

export const unauthenticated = () =>
  new AppError('unauthenticated', {
    detail: 'Send Authorization: Bearer <API key>; this key is missing or not known.',
  });

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
