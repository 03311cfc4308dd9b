import type { CodeAlphabet } from './codes.ts';

/** How codes of one purpose behave. Frozen into a verification when it opens, but for the limits on sends. */
export interface CodePolicy {
  readonly alphabet: CodeAlphabet;
  /** 6–10. */
  readonly length: number;
  readonly codeTtlMs: number;
  /** Checks per verification, over all of its codes. */
  readonly checksMax: number;
  readonly sendsMax: number;
  readonly sendsWindowMs: number;
  /** Seconds to wait after the 1st, 2nd, 3rd … send in the window; the last one holds for the rest. */
  readonly pacingSeconds: readonly number[];
  /** How many of the last codes stay valid: 3 in resend mode `overlap`, 1 in `rotate`. */
  readonly codesValidMax: number;
  /** Wrong checks in a row, over all verifications of a destination and purpose, before checks must wait. */
  readonly streakFreeChecks: number;
  /** How long an ended verification stays readable. */
  readonly endedRetentionMs: number;
}

/** What is the same for every purpose; what is not was frozen into a verification when it opened. */
export type CommonPolicy = Omit<CodePolicy, 'codesValidMax'>;

/** Nothing is sent with less life left than this, or than a third of the code's whole life if that is shorter. */
export const LEAST_LIFE_MS = 20_000;
