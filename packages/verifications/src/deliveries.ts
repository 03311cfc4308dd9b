import type { AttemptOutcome, Channel, Mode, RejectionClass } from '@watchword/contracts';
import type { OnUnknown } from './code-policy.ts';
import type { VerificationContext } from './outcomes.ts';

/** One granted attempt: the right to call one provider once. A newer grant makes it stale. */
export interface ClaimedAttempt {
  /** `att_…`; at most 40 characters, no `:`; travels as the provider's client reference. */
  readonly id: string;
  /** 1, 2, 3 … within the delivery, over all jobs and crashes. */
  readonly ordinal: number;
  readonly deliveryId: string;
}

export interface Claimed extends Pick<VerificationContext, 'variables' | 'autofill' | 'binding'> {
  readonly result: 'claimed';
  readonly attempt: ClaimedAttempt;
  readonly channel: Channel;
  /** Where the channel's messages go: a phone number, an e-mail address or a device token. */
  readonly destination: string;
  /** As `open` was told; undefined without a phone number, and for what an earlier version opened. */
  readonly country: string | undefined;
  readonly code: string;
  readonly purpose: string;
  /** BCP 47, as the caller gave it. */
  readonly locale: string | undefined;
  readonly project: string;
  readonly mode: Mode;
  /** The whole life of the code, for the message's text. */
  readonly codeTtlMs: number;
  /** What is left of it: after that the message is worth nothing. */
  readonly remainingMs: number;
  /** Calls to providers that were settled before, over all jobs. */
  readonly providerCalls: number;
  /** Nobody settled the attempt before: its worker died, and what its provider did is unknown. */
  readonly isAfterLease: boolean;
  /** It is the step that runs of a workflow, and another one begins should it fail. */
  readonly hasNextStep: boolean;
  /** What follows an unknown outcome: the next provider, or the end as `unknown`. */
  readonly onUnknown: OnUnknown;
}

export interface Refused {
  /**
   * `leased`: another worker is at it, this job is superseded · `ended`: this delivery or its verification has ended ·
   * `expired`: too little life left, now `expired_unsent` · `gone`: forged or forgotten · `late`: the claim had to wait for Redis;
   * the due set brings the delivery back · `unsealable`: its seal key is not in this worker's ring; it is settled as failed, or,
   * when the key is still to come, for later · `no_address`: none of the verification's addresses is for its channel; it is
   * settled as failed.
   */
  readonly result: 'leased' | 'ended' | 'expired' | 'gone' | 'late' | 'unsealable' | 'no_address';
}

/** What becomes of the delivery after an attempt. */
export type Next =
  | { readonly kind: 'end'; readonly status: 'accepted' | 'failed' | 'unknown' }
  /** The same job claims again at once, for the next provider; the due set does it should the job die. */
  | { readonly kind: 'again' }
  /** The due set enqueues it anew after this time. */
  | { readonly kind: 'later'; readonly delayMs: number };

export interface Settlement {
  /** Null when no provider could be called (each circuit is open). */
  readonly provider: string | null;
  /** `prv_…`, of a project's own; the platform's have none. */
  readonly providerId?: string;
  /** False for a probe, too: it tells of its provider, and does not count towards the calls of the delivery. */
  readonly countsAsCall: boolean;
  readonly outcome: AttemptOutcome;
  readonly class?: RejectionClass;
  readonly providerCode?: string;
  readonly providerMessageId?: string;
  /** What the call costs, in millionths of the platform's currency; an integer. */
  readonly costMicros?: number;
  /** Id of the template of its message, or `shipped`. */
  readonly template?: string;
  readonly next: Next;
  /** Whether the provider tells later what became of it. One that does not has said its last word when it accepts. */
  readonly expectsReceipt: boolean;
}

/** The delivery half of the state machine in Redis, as the worker sees it. */
export interface Deliveries {
  /** Marks the delivery `sending` for `leaseMs` and returns what is needed to send, or says why not. */
  claim(deliveryId: string, leaseMs: number): Promise<Claimed | Refused>;
  /** Records what happened. `stale`: a newer claim exists, nothing was changed. */
  settle(attempt: ClaimedAttempt, settlement: Settlement): Promise<'settled' | 'stale'>;
}
