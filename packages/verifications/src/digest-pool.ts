import { AppError, type Clock } from '@watchword/platform';

export interface DigestPoolFigures {
  readonly running: number;
  readonly waiting: number;
  /** Since the start: turned away because they would not have been done in time. */
  readonly refused: number;
}

export interface DigestPoolOptions {
  readonly clock: Clock;
  /** Digests at a time. */
  readonly concurrency: number;
  readonly waitingMax: number;
  /** Milliseconds since whenever, in fractions: a cheap digest takes a tenth of one. */
  readonly stopwatch?: () => number;
}

const MEMORY_KIB = 64 * 1024;
const AT_A_TIME_MAX = 32;

/**
 * Digests at a time: all cores are kept busy, and cheap ones, whose coming and going takes longer than they do, are handed
 * over many at once; never more than fit into 64 MiB, unless that is less than one for each core.
 */
export const digestsAtATime = (memoryKib: number, cores: number) =>
  Math.max(cores, Math.min(AT_A_TIME_MAX, Math.floor(MEMORY_KIB / memoryKib)));

/** How much the latest digest counts in the moving average. */
const LATEST_SHARE = 0.2;
/** Kept free for what comes after the digest: one script, and the answer. */
const ANSWER_RESERVE_MS = 60;
const readStopwatch = () => performance.now();

/**
 * Lets a bounded number of digests run. Who would not be done before their deadline is turned away at once, by how long
 * digests took lately: under overload that keeps the queue as short as patience is, and the memory flat. An idle pool
 * takes whoever comes, so that one slow moment cannot close it.
 */
export function createDigestPool({ clock, concurrency, waitingMax, stopwatch = readStopwatch }: DigestPoolOptions) {
  const waiting: (() => void)[] = [];
  let running = 0;
  let refused = 0;
  let digestMs: number | undefined;

  function refuse(): AppError {
    refused += 1;
    return new AppError('unavailable', { detail: 'Too many codes are being digested.', retryAfterSeconds: 1 });
  }

  async function enter(deadline: number): Promise<void> {
    if (running < concurrency) {
      running += 1;
      return;
    }
    const doneInMs = ((waiting.length + 1) / concurrency + 1) * (digestMs ?? 0) + ANSWER_RESERVE_MS;
    if (waiting.length >= waitingMax || clock.serverNow() + doneInMs > deadline) throw refuse();
    await new Promise<void>((resolve) => waiting.push(resolve));
  }

  function leave(): void {
    const next = waiting.shift();
    if (next) next();
    else running -= 1;
  }

  return {
    /** Undefined when `isMoot` says at its turn that nobody needs the digest any more. Throws `unavailable`. */
    async run<T>(deadline: number, isMoot: () => boolean, digest: () => Promise<T>): Promise<T | undefined> {
      await enter(deadline);
      try {
        if (isMoot()) return undefined;
        // The caller has gone: hashing for nobody would only make the others late too.
        if (clock.serverNow() > deadline) throw refuse();
        const startedAtMs = stopwatch();
        const made = await digest();
        const tookMs = stopwatch() - startedAtMs;
        digestMs = digestMs === undefined ? tookMs : digestMs + (tookMs - digestMs) * LATEST_SHARE;
        return made;
      } finally {
        leave();
      }
    },
    figures: (): DigestPoolFigures => ({ running, waiting: waiting.length, refused }),
  };
}
