import { randomUUID } from 'node:crypto';
import { JWKS_MAX_AGE_SECONDS, JWKS_PATH, type JwkSet, jwksSchema } from '@watchword/contracts';
import type { Clock } from '@watchword/platform';
import { keylessContext } from '../hop/keyless-context.ts';
import type { Hop } from '../ports.ts';

export interface ReadJwksDeps {
  readonly hop: Hop;
  readonly clock: Clock;
  readonly requestTimeoutMs: number;
}

/** The public keys of approval tokens; null while none were ever read. */
export type ReadJwks = () => Promise<JwkSet | null>;

const RETRY_MS = 1_000;

/**
 * Asks otp once a minute, however many ask here: the call needs no key, so a flood of it must end at this process. While
 * otp is away the last keys serve: tokens are verified offline, and it is no reason to refuse them.
 */
export function createReadJwks({ hop, clock, requestTimeoutMs: timeLeftMs }: ReadJwksDeps): ReadJwks {
  let kept: JwkSet | null = null;
  let askAgainAt = 0;
  let asking: Promise<void> | undefined;

  async function ask(): Promise<void> {
    const deadline = Math.round(clock.serverNow()) + timeLeftMs;
    const context = keylessContext(randomUUID(), deadline);
    const answer = await hop.forward({ method: 'GET', path: JWKS_PATH, body: '', context, timeLeftMs });
    const isRead = answer.outcome === 'answered' && answer.status === 200;
    askAgainAt = clock.now() + (isRead ? JWKS_MAX_AGE_SECONDS * 1000 : RETRY_MS);
    if (isRead) kept = jwksSchema.parse(JSON.parse(answer.body));
  }

  return async function readJwks() {
    if (clock.now() >= askAgainAt) await (asking ??= ask().finally(() => (asking = undefined)));
    return kept;
  };
}
