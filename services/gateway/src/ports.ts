import type { HopContext } from '@watchword/platform';

/** How much of the project's limit of sends is left. */
export interface Quota {
  readonly sendsPerHour: number;
  readonly remaining: number;
  /** Until the hour's bucket turns over, or, with nothing left, until one more send fits. */
  readonly resetSeconds: number;
}

/** An `Idempotency-Key` and the request it stands for. */
export interface IdempotentRequest {
  readonly key: string;
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

export interface AdmissionRequest {
  readonly project: string;
  /** Sends that the call costs: 1 for open and resend, else 0. */
  readonly sends: 0 | 1;
  /** On Redis' clock, ms: past it nothing is counted or reserved. */
  readonly deadline: number;
  readonly idempotent?: IdempotentRequest;
}

/** `quota` is absent when the project has no limit. */
export type AdmissionOutcome =
  | {
      readonly outcome: 'admitted';
      readonly operation: string;
      /** Takes back the send that was counted; absent when none was. */
      readonly giveBack?: () => Promise<void>;
      readonly quota?: Quota;
    }
  | { readonly outcome: 'limited'; readonly retryAfterSeconds: number; readonly quota?: Quota }
  | { readonly outcome: 'mismatched'; readonly quota?: Quota }
  | { readonly outcome: 'late' };

/** Limits and idempotency of a project, judged in one atomic step. Rejects when the store does not answer. */
export interface Admission {
  admit(request: AdmissionRequest): Promise<AdmissionOutcome>;
}

export interface HopCall {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body: string;
  readonly context: HopContext;
  /** Until the deadline: a call that has not left by then is never sent, one that was sent is soon cut. */
  readonly timeLeftMs: number;
}

/** What otp said, to be passed on unchanged; or why there is nothing to pass on. */
export type HopOutcome =
  | {
      readonly outcome: 'answered';
      readonly status: number;
      readonly contentType: string;
      readonly retryAfter?: string;
      readonly body: string;
    }
  | { readonly outcome: 'unanswered'; readonly reason: string };

/** The signed hop to the otp service, which carries the calls of one turn of the event loop together. Never rejects. */
export interface OtpHop {
  forward(call: HopCall): Promise<HopOutcome>;
}
