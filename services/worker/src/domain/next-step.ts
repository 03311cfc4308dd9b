import type { AttemptResult } from '@watchword/delivery';
import type { Claimed, Next } from '@watchword/verifications';

/** An attempt of the running job. `probe`: made to see whether an open circuit may close. */
export interface MadeAttempt {
  readonly result: AttemptResult;
  readonly probe: boolean;
}

export interface AfterAttempt {
  readonly latest: MadeAttempt;
  /** What this job attempted before. */
  readonly earlier: readonly MadeAttempt[];
  /** Provider calls of the delivery before this job. */
  readonly providerCalls: number;
  /** Another provider may be called at once; `unknown`: nobody could say. */
  readonly hasOther: boolean | 'unknown';
  /** Another step of its workflow begins when the delivery has failed. */
  readonly hasNextStep: boolean;
  readonly onUnknown: OnUnknown;
}

export type OnUnknown = Claimed['onUnknown'];

const ROUND_DELAY_MS = 2_000;
const DELAY_MS_MAX = 10_000;
const OPEN_CIRCUIT_DELAY_MS = 1_000;
const OPEN_CIRCUIT_DELAY_MS_MAX = 5_000;
const DRAINING_DELAY_MS = 1_000;
/** A delivery whose slot at a capped provider is further ahead than this gets none yet. */
export const SLOT_HORIZON_MS = 10_000;
/** So much before its slot a delivery is due: the due set takes up to a second to bring it, and a job waits for as long. */
const SLOT_LEAD_MS = 800;
/** Without a slot it looks again before the slots that are given away have passed: so a capped provider is never idle. */
const SLOTLESS_DELAY_MS = 8_000;
/** Calls to providers that said no, before a delivery has failed. */
const PROVIDER_CALLS_MAX = 6;

/**
 * What follows an attempt. Accepted, or refused for the message's own sake (bad number, content, fraud), or unknown where the
 * policy waits for a receipt: the end. Else the next provider at once; when none is left, `unknown` if any of them may have the
 * message, since sending it once more would double it; else the next step of the workflow, as another channel is surer than
 * another round over this one; else that, later.
 */
export function nextAfterAttempt(after: AfterAttempt): Next {
  const { latest, earlier, providerCalls, hasOther, hasNextStep, onUnknown } = after;
  const { result } = latest;
  const made = [...earlier, latest];
  if (!mayFailOver(result, onUnknown)) return { kind: 'end', status: END_OF[result.outcome] };
  if (hasOther === true) return { kind: 'again' };
  if (made.some((attempt) => attempt.result.outcome === 'unknown')) return { kind: 'end', status: 'unknown' };
  const calls = providerCalls + made.filter(({ probe }) => !probe).length;
  const isRoundDone = hasOther === false;
  if ((hasNextStep && isRoundDone) || calls >= PROVIDER_CALLS_MAX) return { kind: 'end', status: 'failed' };
  return { kind: 'later', delayMs: delayAfter(made, calls) };
}

const END_OF = { accepted: 'accepted', rejected: 'failed', transient: 'failed', unknown: 'unknown' } as const;

/**
 * What follows when nobody was asked, because each circuit is open or Redis was too slow: the delivery has not failed, and
 * waits as long as its code is worth sending. `ordinal` counts its claims.
 */
export function nextWithoutCall(ordinal: number): Next {
  return { kind: 'later', delayMs: Math.min(OPEN_CIRCUIT_DELAY_MS * ordinal, OPEN_CIRCUIT_DELAY_MS_MAX) };
}

/**
 * What follows when all that may send are draining: the delivery is held as long as its code is worth sending, since enabling one
 * brings it out. It looks less and less often, as each look leaves two events.
 */
export function nextWhileDraining(ordinal: number): Next {
  return { kind: 'later', delayMs: Math.min(DRAINING_DELAY_MS * 2 ** (ordinal - 1), DELAY_MS_MAX) };
}

/**
 * What follows when all that could be called have as many messages as they may get: the delivery is back just before its slot, so
 * that waiting takes no worker and leaves few events.
 */
export function nextForSlot({ waitMs, isReserved }: { readonly waitMs: number; readonly isReserved: boolean }): Next {
  return { kind: 'later', delayMs: isReserved ? Math.max(0, waitMs - SLOT_LEAD_MS) : SLOTLESS_DELAY_MS };
}

/**
 * Whether another provider may do better: never for a bad number, whose messages only cost money elsewhere; nor for one that may
 * have been sent, where the policy rather waits for a receipt than risks a second copy.
 */
export function mayFailOver(result: AttemptResult, onUnknown: OnUnknown): boolean {
  if (result.outcome === 'unknown') return onUnknown === 'resend';
  return result.outcome === 'transient' || (result.outcome === 'rejected' && result.class === 'configuration');
}

/** 2 s after the first round, 4 s after the second …; or as soon as the first provider that named a time wants. */
function delayAfter(made: readonly MadeAttempt[], calls: number): number {
  const wanted = made.flatMap(({ result }) =>
    result.outcome === 'transient' && result.retryAfterMs !== undefined ? [result.retryAfterMs] : [],
  );
  const round = Math.max(1, Math.ceil(calls / made.length));
  const delayMs = wanted.length > 0 ? Math.min(...wanted) : ROUND_DELAY_MS * 2 ** (round - 1);
  return Math.min(Math.max(delayMs, OPEN_CIRCUIT_DELAY_MS), DELAY_MS_MAX);
}
