import type { Channel, CheckResult, Mode, VerificationStatus } from '@watchword/contracts';
import { AppError } from '@watchword/platform';

/** Who asks, and until when an answer is of use (on Redis' clock, ms). */
export interface CallContext {
  readonly project: string;
  readonly mode: Mode;
  /** Stands for an `Idempotency-Key`; empty without one. */
  readonly operation: string;
  readonly deadline: number;
}

export type Binding = Readonly<Record<string, string>>;

/** Kept sealed with the verification. */
export interface VerificationContext {
  readonly locale?: string | undefined;
  readonly client?: Readonly<Record<string, string | undefined>> | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

export interface OpenInput {
  /** E.164. */
  readonly destination: string;
  readonly purpose: string;
  readonly channel: Channel;
  readonly country: string;
  readonly binding: Binding | undefined;
  readonly context: VerificationContext;
}

/** A code is on its way: the delivery's job is still to be enqueued, or the due set will do it. */
export interface Sent {
  readonly result: 'sent';
  readonly id: string;
  readonly deliveryId: string;
  readonly destination: string;
  readonly expiresAt: number;
  readonly resendAt: number;
  readonly sendsRemaining: number;
  readonly checksRemaining: number;
}

export type SendRefused = { readonly result: 'resend_too_soon' | 'max_sends'; readonly retryMs: number };
export type NotPending = { readonly result: 'not_pending'; readonly status: VerificationStatus };
export type NotFound = { readonly result: 'not_found' };

export interface Judged {
  readonly result: CheckResult;
  readonly status: VerificationStatus;
  readonly checksRemaining: number;
}
export type ChecksLocked = { readonly result: 'checks_locked'; readonly retryMs: number };

/** A script found its deadline passed on Redis' own clock, and did nothing. */
export function tooLate(): AppError {
  return new AppError('unavailable', { detail: 'The call reached Redis too late and was not carried out.' });
}
