import { type KeyObject, randomUUID } from 'node:crypto';
import { signRs256 } from '../rs256.ts';

const LIFE_SECONDS = 900;
/** A token this close to its end is not used any more: the clocks may differ. */
const MARGIN_SECONDS = 60;

export interface ApplicationTokenOptions {
  readonly applicationId: string;
  readonly privateKey: KeyObject;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * Tokens that a Vonage application signs for itself (JWT, RS256): each is used for 14 minutes. Source:
 * https://developer.vonage.com/en/getting-started/concepts/authentication
 */
export function createApplicationTokens({ applicationId, privateKey, now }: ApplicationTokenOptions): () => string {
  let kept: { readonly token: string; readonly until: number } | undefined;
  return function applicationToken() {
    const seconds = Math.floor(now() / 1000);
    if (kept === undefined || seconds >= kept.until) {
      const claims = { application_id: applicationId, iat: seconds, exp: seconds + LIFE_SECONDS, jti: randomUUID() };
      kept = { token: signRs256(claims, privateKey), until: claims.exp - MARGIN_SECONDS };
    }
    return kept.token;
  };
}
