import type { Channel, CheckResult, Mode, VerificationStatus } from '@watchword/contracts';
import { AppError } from '@watchword/platform';
import type { Addresses } from './addresses.ts';
import type { SendPlan } from './send-plans.ts';

/** Whose a verification is. To every other project and to its own project's other mode it is not there. */
export interface Owner {
  readonly project: string;
  readonly mode: Mode;
}

/** Who asks, and until when an answer is of use (on Redis' clock, ms). */
export interface CallContext extends Owner {
  /** Stands for an `Idempotency-Key`; empty without one. */
  readonly operation: string;
  readonly deadline: number;
}

/** A project forgets a destination in both modes at once, whatever the mode of the key that asks. */
export interface ErasureCall extends Omit<CallContext, 'mode'> {
  /** Id of the API key that asks, for the audit log; empty when there is none. */
  readonly key: string;
  readonly requestId: string;
}

export type Binding = Readonly<Record<string, string>>;

/** Kept sealed with the verification. */
export interface VerificationContext {
  readonly locale?: string | undefined;
  readonly client?: Readonly<Record<string, string | undefined>> | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** What a project's templates show. */
  readonly variables?: Readonly<Record<string, string>> | undefined;
  readonly autofill?: { readonly domain?: string | undefined; readonly app_hash?: string | undefined } | undefined;
  /** As `OpenInput.binding`, so that a message can show what its code is for. */
  readonly binding?: Binding | undefined;
}

export interface OpenInput {
  /** The first of them, in the order of their kinds, is the primary: shard, pacing and streak are its. */
  readonly addresses: Addresses;
  readonly purpose: string;
  readonly plan: SendPlan;
  /** Of the phone number; empty when there is none. */
  readonly country: string;
  readonly binding: Binding | undefined;
  readonly context: VerificationContext;
}

/** A code is on its way: the deliveries' jobs are still to be enqueued, or the due set will do it. */
export interface Sent {
  readonly result: 'sent';
  readonly id: string;
  /** The new ones, in order: of a workflow its first step. */
  readonly deliveries: readonly { readonly id: string; readonly channel: Channel }[];
  /** Undefined once erased, or when this process lacks the key that they were sealed under. */
  readonly addresses: Addresses | undefined;
  readonly expiresAt: number;
  readonly resendAt: number;
  readonly sendsRemaining: number;
  readonly checksRemaining: number;
}

/** For whom a verification is, so that another code for it can be judged before it is made. */
export interface Recipient {
  readonly purpose: string;
  /** Undefined once erased, or when this process lacks the key that they were sealed under. */
  readonly addresses: Addresses | undefined;
  /** Over which it was opened: what a resend without a channel may use. */
  readonly channels: readonly Channel[];
  /** Whether another code may be sent: not when it has ended, and not when its seal key has been retired. */
  readonly isOpen: boolean;
}

export type SendRefused = { readonly result: 'resend_too_soon' | 'max_sends'; readonly retryMs: number };
/** None of the verification's addresses is for this channel. Nothing was sent. */
export type NoAddress = { readonly result: 'no_address'; readonly channel: Channel };
export type NotPending = { readonly result: 'not_pending'; readonly status: VerificationStatus };
export type NotFound = { readonly result: 'not_found' };

/** What an approval proved. */
export interface Approval {
  readonly id: string;
  /**
   * Of the addresses that the code may have reached the first, in the order of their kinds. Undefined when there is none, once
   * erased, and when their seal key has been retired.
   */
  readonly destination: string | undefined;
  /** All of them when the code may have reached several: the guess proves one of them, and nobody knows which. */
  readonly sentTo?: readonly string[];
  readonly purpose: string;
  /** Milliseconds since the epoch; the same for every repeat of the check that approved. */
  readonly approvedAt: number;
}

export interface Judged {
  readonly result: CheckResult;
  readonly status: VerificationStatus;
  readonly checksRemaining: number;
  /** Redis has no such verification any more: it expired, unless the records know better. */
  readonly isForgotten?: true;
  /** With `approved` only. */
  readonly approval?: Approval;
}
export type ChecksLocked = { readonly result: 'checks_locked'; readonly retryMs: number };

/**
 * `parked`: its attempt is not settled yet, and settling it joins the receipt · `duplicate`, `late`: its attempt had said as
 * much or more, nothing was changed · `unmatched`: its verification is forgotten, or never had such an attempt · `forged`:
 * an account of the other mode signed it, nothing was changed.
 */
export const RECEIPT_RESULTS = ['applied', 'parked', 'duplicate', 'late', 'unmatched', 'forged'] as const;
export type ReceiptResult = (typeof RECEIPT_RESULTS)[number];

/** `invalid`: no approved verification of this project and mode, or the token has expired. */
export type ConsumeResult = 'consumed' | 'consumed_before' | 'invalid';

/** A script found its deadline passed on Redis' own clock, and did nothing. */
export function tooLate(): AppError {
  return new AppError('unavailable', { detail: 'The call reached Redis too late and was not carried out.' });
}
