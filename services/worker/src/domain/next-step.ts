import type { AttemptResult } from '@watchword/delivery';
import type { Next } from '@watchword/verifications';

/** An attempt of the running job. `probe`: made to see whether an open circuit may close. */
export interface MadeAttempt {
  readonly result: AttemptResult;
  readonly probe: boolean;
}

export interface AfterAttempt {
  readonly latest: MadeAttempt;
  /** What this job attempted before. */
  readonly earlier: readonly MadeAttempt[];
  /** Of the latest attempt, over all jobs of the delivery. */
  readonly ordinal: number;
  /** Another provider may be called at once. */
  readonly hasOther: boolean;
}

const ROUND_DELAY_MS = 2_000;
const DELAY_MS_MAX = 10_000;
const OPEN_CIRCUIT_DELAY_MS = 1_000;
/** Attempts of a delivery that providers answered no to, before it has failed. */
const ATTEMPTS_MAX = 6;
/** The same while open circuits kept providers from being asked. The end of the code's life mostly comes first. */
const WAITS_MAX = 60;

/**
 * What follows an attempt. Accepted, or refused for the message's own sake (bad number, content, fraud): the end.
 * Else the next provider at once; when none is left, `unknown` if any of them may have the message, since sending it
 * once more would double it; else another round later.
 */
export function nextAfterAttempt({ latest, earlier, ordinal, hasOther }: AfterAttempt): Next {
  const { result } = latest;
  const made = [...earlier, latest];
  if (!mayFailOver(result)) return { kind: 'end', status: result.outcome === 'accepted' ? 'accepted' : 'failed' };
  if (hasOther) return { kind: 'again' };
  if (made.some((attempt) => attempt.result.outcome === 'unknown')) return { kind: 'end', status: 'unknown' };
  // Failed probes tell of a provider that is still down, not of the delivery: it waits as if its circuits were open.
  if (made.every(({ probe }) => probe)) return nextWhileOpen(ordinal);
  if (ordinal >= ATTEMPTS_MAX) return { kind: 'end', status: 'failed' };
  return { kind: 'later', delayMs: delayAfter(made, ordinal) };
}

/** What follows when each circuit is open: no provider was asked, so the delivery has not failed. */
export function nextWhileOpen(ordinal: number): Next {
  if (ordinal >= WAITS_MAX) return { kind: 'end', status: 'failed' };
  return { kind: 'later', delayMs: OPEN_CIRCUIT_DELAY_MS };
}

/** Whether another provider may do better: never for a bad number, whose messages only cost money elsewhere. */
export function mayFailOver(result: AttemptResult): boolean {
  return result.outcome !== 'accepted' && (result.outcome !== 'rejected' || result.class === 'configuration');
}

/** 2 s after the first round, 4 s after the second …; or as soon as the first provider that named a time wants. */
function delayAfter(made: readonly MadeAttempt[], ordinal: number): number {
  const wanted = made.flatMap(({ result }) =>
    result.outcome === 'transient' && result.retryAfterMs !== undefined ? [result.retryAfterMs] : [],
  );
  const round = Math.ceil(ordinal / made.length);
  const delayMs = wanted.length > 0 ? Math.min(...wanted) : ROUND_DELAY_MS * 2 ** (round - 1);
  return Math.min(Math.max(delayMs, OPEN_CIRCUIT_DELAY_MS), DELAY_MS_MAX);
}
