import type { CodePolicy, CommonPolicy } from '@watchword/verifications';
import type { OtpConfig } from '../config.ts';

const OVERLAP_CODES_MAX = 3;

export interface CodePolicies {
  readonly common: CommonPolicy;
  forPurpose(purpose: string): CodePolicy;
}

/** The first project's policies. A `transaction` code shows an amount, so an older one must never pass for a newer. */
export function createCodePolicies(config: OtpConfig): CodePolicies {
  const common: CommonPolicy = {
    alphabet: config.CODE_ALPHABET,
    length: config.CODE_LENGTH,
    codeTtlMs: config.CODE_TTL_SECONDS * 1000,
    checksMax: config.CHECKS_MAX,
    sendsMax: config.SENDS_MAX,
    sendsWindowMs: config.SENDS_WINDOW_SECONDS * 1000,
    pacingSeconds: config.PACING_SECONDS,
    streakFreeChecks: config.STREAK_FREE_CHECKS,
    endedRetentionMs: config.ENDED_RETENTION_SECONDS * 1000,
  };
  return {
    common,
    forPurpose(purpose) {
      const rotates = config.RESEND_MODE === 'rotate' || purpose === 'transaction';
      return { ...common, codesValidMax: rotates ? 1 : OVERLAP_CODES_MAX };
    },
  };
}
