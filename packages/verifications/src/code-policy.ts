import type { CodeAlphabet } from './codes.ts';

/**
 * How codes of one purpose behave. Its life, its checks, how many codes stay valid and what follows an unknown outcome are
 * frozen into a verification when it opens. What a code looks like and how often one may be sent is of the policy at each send.
 */
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
  /** When nobody knows whether a provider took a message: `resend` by the next one, or `wait` for a receipt. */
  readonly onUnknown: OnUnknown;
}

export type OnUnknown = 'resend' | 'wait';

/** What another code of an open verification takes from the policy. */
export type SendPolicy = Pick<CodePolicy, 'alphabet' | 'length' | 'sendsMax' | 'sendsWindowMs' | 'pacingSeconds'>;
