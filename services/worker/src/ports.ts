import type { AttemptResult, SmsProvider, Transition } from '@watchword/delivery';
import type { ClaimedAttempt, Refused } from '@watchword/verifications';

export type { Circuit, SmsProvider } from '@watchword/delivery';
export type { Deliveries } from '@watchword/verifications';

/** Whose account was called: the provider's own, or its twin at the sandbox. */
export type Account = Pick<SmsProvider, 'name' | 'mode'>;

/** One provider call, or the finding that none could be made. */
export interface AttemptReport {
  readonly attempt: string;
  readonly ordinal: number;
  /** Null when no provider could be called. */
  readonly provider: string | null;
  readonly mode: Account['mode'];
  readonly outcome: AttemptResult['outcome'];
  readonly class?: string;
  readonly providerCode?: string;
  /** Of the provider call. */
  readonly ms: number;
}

/**
 * How a delivery's job ended: the delivery's own end, `later` (the due set brings it back), `stale` (a newer claim
 * exists), or why the claim was refused.
 */
export type DeliveryResult = 'accepted' | 'failed' | 'unknown' | 'later' | 'stale' | Refused['result'];

export interface DeliveryReport {
  readonly result: DeliveryResult;
  readonly attempts: readonly AttemptReport[];
}

/** Is told what happens inside a job; must not throw. */
export interface DeliveryObserver {
  attempted(report: AttemptReport): void;
  /** A settlement came too late and changed nothing. */
  stale(attempt: ClaimedAttempt): void;
  circuitMoved(provider: Account, transition: Transition): void;
  /** A provider is called though an earlier call may have sent the message. */
  possibleDuplicate(attempt: ClaimedAttempt, reason: 'unknown' | 'lease_ended'): void;
  /** The health of a provider could not be recorded; sending goes on without. */
  recordFailed(provider: Account, error: unknown): void;
  /** An attempt was made and could not be settled yet: it is tried again. */
  settleFailed(attempt: ClaimedAttempt, error: unknown): void;
}
