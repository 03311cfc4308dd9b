import type { Mode, Scope } from '@watchword/contracts';
import type { HopContext } from '@watchword/platform';

/** What a project may send; 0 = no limit. */
export interface SendLimits {
  readonly projectSendsPerHour: number;
  readonly userSendsPerMinute: number;
  readonly ipSendsPerHour: number;
  /** Of its plan, in a calendar month (UTC); null = no quota. */
  readonly monthlySends: number | null;
}

/** What a call needs of the key that it comes with. */
export interface CallNeed {
  /** Any one of these; none = the call is nobody's. */
  readonly scopes: readonly Scope[];
  /** A call to the console: it goes on for the root key while the project is suspended, or nobody could lift that. */
  readonly isManaged: boolean;
}

/** How a caller proved who they are: what is judged again when their project's configuration has changed. */
export type Credential =
  | { readonly kind: 'root' }
  /** `hash`: the key's SHA-256, hex. */
  | { readonly kind: 'key'; readonly hash: string };

/** Who calls, as their project's configuration at `epoch` says. */
export interface Caller {
  readonly credential: Credential;
  readonly project: string;
  readonly mode: Mode;
  /** The key's id. */
  readonly key: string;
  readonly scopes: readonly Scope[];
  readonly limits: SendLimits;
  readonly epoch: number;
}

export interface Access {
  /** Who calls by their `Authorization` header and from their socket's address. Throws AppErrors: 401, 403, 429 and 503. */
  authenticate(authorization: string | undefined, address: string, need: CallNeed): Promise<Caller>;
  /** The same caller by their project's configuration as it is now. Throws the same. */
  judgeAnew(caller: Caller, need: CallNeed): Promise<Caller>;
}

export type LimitName = 'project_sends' | 'user_sends' | 'ip_sends' | 'monthly_sends';

/** How much of one limit is left. */
export interface LimitState {
  readonly name: LimitName;
  readonly max: number;
  readonly windowSeconds: number;
  readonly remaining: number;
  /** Until its count turns over, or, with nothing left, until one more send fits. */
  readonly resetSeconds: number;
}

/** An `Idempotency-Key` and the request it stands for. */
export interface IdempotentRequest {
  readonly key: string;
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

/** The end user for whom a send is asked, as far as the caller tells. */
export interface EndUser {
  readonly userId?: string | undefined;
  readonly ip?: string | undefined;
}

export interface AdmissionRequest {
  readonly caller: Pick<Caller, 'project' | 'mode' | 'epoch' | 'limits'>;
  /** Sends that the call costs: 1 for open and resend, else 0. */
  readonly sends: 0 | 1;
  readonly endUser?: EndUser | undefined;
  /** On Redis' clock, ms: past it nothing is counted or reserved. */
  readonly deadline: number;
  readonly idempotent?: IdempotentRequest | undefined;
}

/** `limits` are those that the call falls under. */
export type AdmissionOutcome =
  | {
      readonly outcome: 'admitted';
      readonly operation: string;
      /** Takes back the send that was counted; absent when none was. */
      readonly giveBack?: () => Promise<void>;
      readonly limits: readonly LimitState[];
    }
  | {
      readonly outcome: 'limited';
      readonly limit: LimitName;
      readonly retryAfterSeconds: number;
      readonly limits: readonly LimitState[];
    }
  | { readonly outcome: 'mismatched'; readonly limits: readonly LimitState[] }
  /** The caller was judged by another configuration than the one in Redis; nothing was counted. */
  | { readonly outcome: 'stale' }
  | { readonly outcome: 'late' };

/** Limits and idempotency of a project, judged in one atomic step. Rejects when the store does not answer. */
export interface Admission {
  admit(request: AdmissionRequest): Promise<AdmissionOutcome>;
}

/** Remembers when a key was used, some time later and without a word about it. */
export interface LastUsed {
  note(caller: Pick<Caller, 'project' | 'key'>): void;
}

export interface HopCall {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** With its query. */
  readonly path: string;
  readonly body: string;
  readonly context: HopContext;
  /** Until the deadline: a call that has not left by then is never sent, one that was sent is soon cut. */
  readonly timeLeftMs: number;
}

/** What the service said, to be passed on unchanged; or why there is nothing to pass on. */
export type HopOutcome =
  | {
      readonly outcome: 'answered';
      readonly status: number;
      readonly contentType: string;
      readonly retryAfter?: string;
      readonly etag?: string;
      /** The service refused it, and it never will be done. */
      readonly nothingDone?: boolean;
      readonly body: string;
    }
  /** `isSent`: it may have been carried out. */
  | { readonly outcome: 'unanswered'; readonly reason: string; readonly isSent: boolean };

/** The signed hop to a service, which carries the calls of one turn of the event loop together. Never rejects. */
export interface Hop {
  forward(call: HopCall): Promise<HopOutcome>;
}
