import { createHash } from 'node:crypto';
import { AppError, type Clock, type KeyRing } from '@watchword/platform';
import { argon2id, hash } from 'argon2';

/** Under which cost codes are digested; its number stands in the id, so that a change needs no migration. */
export interface DigestProfile {
  readonly memoryKib: number;
}

export interface CodeDigests {
  /**
   * 32 raw bytes; empty when `isMoot` says at its turn that the answer no longer hangs on it.
   * Throws `unavailable` instead of queueing past the bound or the deadline (on Redis' clock, ms).
   */
  digest(code: string, id: string, profile: DigestProfile, deadline: number, isMoot?: () => boolean): Promise<Buffer>;
}

export interface CodeDigestsOptions {
  readonly peppers: KeyRing;
  readonly clock: Clock;
  /** Digests at a time: what bounds the memory, together with the profile. */
  readonly concurrency: number;
  /** Digests that may wait. */
  readonly waitingMax: number;
}

/**
 * Argon2id (RFC 9106; t=1, p=1) over the code, salted by the id, with the pepper as its secret. Six digits can be
 * enumerated at any cost, so it is the pepper, kept outside Redis, that protects them; the cost is a setting.
 */
export function createCodeDigests({ peppers, clock, concurrency, waitingMax }: CodeDigestsOptions): CodeDigests {
  const waiting: (() => void)[] = [];
  let running = 0;

  async function enter(): Promise<void> {
    if (running < concurrency) {
      running += 1;
      return;
    }
    if (waiting.length >= waitingMax) throw new AppError('unavailable', { detail: 'Too many checks at a time.' });
    await new Promise<void>((resolve) => waiting.push(resolve));
  }

  function leave(): void {
    const next = waiting.shift();
    if (next) next();
    else running -= 1;
  }

  return {
    async digest(code, id, { memoryKib }, deadline, isMoot) {
      await enter();
      try {
        if (isMoot?.()) return Buffer.alloc(0);
        // The caller has gone: hashing for nobody would only make the others late too.
        if (clock.serverNow() > deadline) throw new AppError('unavailable', { detail: 'Too busy to answer in time.' });
        const salt = createHash('sha256').update(id).digest().subarray(0, 16);
        const cost = { memoryCost: memoryKib, timeCost: 1, parallelism: 1, hashLength: 32 };
        return await hash(code, { ...cost, type: argon2id, raw: true, salt, secret: peppers.current.key.reveal() });
      } finally {
        leave();
      }
    },
  };
}
