import { createHash } from 'node:crypto';
import { AppError, type Clock, type KeyRing, keyOfRing } from '@watchword/platform';
import { argon2id, hash } from 'argon2';
import { createDigestPool, type DigestPoolFigures } from './digest-pool.ts';

/** Under which cost and pepper codes are digested; its number stands in the id, so that a change needs no migration. */
export interface DigestProfile {
  readonly memoryKib: number;
  /** The id of the pepper's key in its ring. */
  readonly pepper: number;
}

export interface CodeDigests {
  /**
   * 32 raw bytes; empty when `isMoot` says at its turn that the answer no longer hangs on it.
   * Throws `unavailable` at once when it would not be done before the deadline (on Redis' clock, ms).
   */
  digest(code: string, id: string, profile: DigestProfile, deadline: number, isMoot?: () => boolean): Promise<Buffer>;
  figures(): DigestPoolFigures;
}

export interface CodeDigestsOptions {
  readonly peppers: KeyRing;
  readonly clock: Clock;
  /** Digests at a time: what bounds the memory, together with the profile. */
  readonly concurrency: number;
  /** Digests that may wait, however fast they are. */
  readonly waitingMax: number;
}

/**
 * Argon2id (RFC 9106; t=1, p=1) over the code, salted by the id, with the pepper as its secret. Six digits can be
 * enumerated at any cost, so it is the pepper, kept outside Redis, that protects them; the cost is a setting.
 */
export function createCodeDigests({ peppers, ...bounds }: CodeDigestsOptions): CodeDigests {
  const pool = createDigestPool(bounds);
  return {
    async digest(code, id, { memoryKib, pepper }, deadline, isMoot = () => false) {
      const secret = keyOfRing(peppers, pepper);
      if (secret === undefined) throw new AppError('unavailable', { detail: `Pepper ${pepper} is not in the ring.` });
      const made = await pool.run(deadline, isMoot, () => {
        const salt = createHash('sha256').update(id).digest().subarray(0, 16);
        const cost = { memoryCost: memoryKib, timeCost: 1, parallelism: 1, hashLength: 32 };
        return hash(code, { ...cost, type: argon2id, raw: true, salt, secret: secret.reveal() });
      });
      return made ?? Buffer.alloc(0);
    },
    figures: pool.figures,
  };
}
