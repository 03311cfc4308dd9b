import type { PolicyRules, WorkflowStep } from '@watchword/contracts';
import type { CodePolicy } from '@watchword/verifications';
import type { OtpConfig } from '../config.ts';

const OVERLAP_CODES_MAX = 3;
const NO_WORKFLOW: readonly WorkflowStep[] = [];

export type PolicyDefaults = Pick<
  OtpConfig,
  | 'CODE_ALPHABET'
  | 'CODE_LENGTH'
  | 'CODE_TTL_SECONDS'
  | 'CHECKS_MAX'
  | 'SENDS_MAX'
  | 'SENDS_WINDOW_SECONDS'
  | 'PACING_SECONDS'
  | 'RESEND_MODE'
  | 'STREAK_FREE_CHECKS'
  | 'ENDED_RETENTION_SECONDS'
>;

/** What a purpose's codes are like, and over which channels they go when the call does not say. */
export interface PurposePolicy extends CodePolicy {
  /** Empty without one. */
  readonly workflow: readonly WorkflowStep[];
}

/** The policy of a purpose: what a project's rules leave open has the platform's default. */
export type CodePolicyOf = (purpose: string, rules?: PolicyRules) => PurposePolicy;

/**
 * The platform's defaults are the environment's. A `transaction` code shows an amount, so an older one must never pass for a
 * newer, whatever the rules say. Streaks are judged alike for all: no project may weaken them.
 */
export function createCodePolicyOf(config: PolicyDefaults): CodePolicyOf {
  return function codePolicyOf(purpose, rules = {}) {
    const rotates = (rules.resend_mode ?? config.RESEND_MODE) === 'rotate' || purpose === 'transaction';
    return {
      alphabet: rules.code_alphabet ?? config.CODE_ALPHABET,
      length: rules.code_length ?? config.CODE_LENGTH,
      codeTtlMs: (rules.code_ttl_seconds ?? config.CODE_TTL_SECONDS) * 1000,
      checksMax: rules.checks_max ?? config.CHECKS_MAX,
      sendsMax: rules.sends_max ?? config.SENDS_MAX,
      sendsWindowMs: (rules.sends_window_seconds ?? config.SENDS_WINDOW_SECONDS) * 1000,
      pacingSeconds: rules.pacing_seconds ?? config.PACING_SECONDS,
      codesValidMax: rotates ? 1 : OVERLAP_CODES_MAX,
      streakFreeChecks: config.STREAK_FREE_CHECKS,
      endedRetentionMs: config.ENDED_RETENTION_SECONDS * 1000,
      onUnknown: rules.on_unknown ?? 'resend',
      workflow: rules.workflow ?? NO_WORKFLOW,
    };
  };
}
