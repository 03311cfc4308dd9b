import type { Channel } from '@watchword/contracts';
import type { AttemptResult, OutgoingMessage, ProviderAdapter, RenderedMessage, Transition } from '@watchword/delivery';
import type { Claimed, ClaimedAttempt, Refused } from '@watchword/verifications';

export type { Circuit, SendRate } from '@watchword/delivery';
export type { Deliveries } from '@watchword/verifications';

/** Whose account was called. */
export interface Account extends Pick<ProviderAdapter, 'mode'> {
  /** Its kind: what metrics and events call it, so that a label has few values. */
  readonly name: string;
  /** `prv_…`, of a project's own; the platform's have none. */
  readonly id?: string;
}

/** An account, as it is called on one of its channels: it has a circuit there. */
export interface CircuitOwner extends Account {
  readonly channel: Channel;
}

/** An account that may be called for a delivery on its channel. */
export interface Candidate extends CircuitOwner {
  /** Names its circuit on this channel. */
  readonly circuit: string;
  /** Names what its send rate counts under, whatever the channel: its circuit on its kind's first channel. */
  readonly account: string;
  /** From all workers together; undefined: no bound. */
  readonly sendsPerSecond?: number;
  /** Of one message, in millionths of the platform's currency; undefined when nobody has said. */
  readonly costMicros?: number;
  /** Whether it tells later what became of a message that it took. */
  expectsReceipt(): boolean;
  /** Never rejects, as an adapter does not. */
  send(message: OutgoingMessage): Promise<AttemptResult>;
}

export interface SendingPlan {
  readonly message: RenderedMessage;
  /** Of the verification's mode and the delivery's channel, in the order in which they are to be tried. */
  readonly candidates: readonly Candidate[];
  /** Why there are no candidates, when there are none. */
  readonly whyNone: 'no_provider' | 'draining';
}

/**
 * What the project's configuration, at most a second old, says of a claimed delivery. `draw` (0 to below 1) decides by weight;
 * the same one leads to the same order.
 */
export type PlanSending = (claim: Claimed, draw: number) => Promise<SendingPlan>;

/** One provider call, or the finding that none could be made. */
export interface AttemptReport {
  readonly attempt: string;
  readonly ordinal: number;
  readonly channel: Channel;
  /** Null when no provider could be called. */
  readonly provider: string | null;
  readonly providerId?: string;
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

/** An attempt that a provider took, under an id of its own. */
export interface TakenMessage {
  readonly candidate: Candidate;
  readonly attemptId: string;
  readonly providerMessageId: string;
}

/** Makes the receipts of a taken message find their attempt, at providers that repeat nothing of ours. Never rejects. */
export type BindMessage = (taken: TakenMessage) => Promise<void>;

/** Is told what happens inside a job; must not throw. */
export interface DeliveryObserver {
  attempted(report: AttemptReport): void;
  /** A settlement came too late and changed nothing. */
  stale(attempt: ClaimedAttempt): void;
  circuitMoved(account: CircuitOwner, transition: Transition): void;
  /** A provider is called though an earlier call may have sent the message. */
  possibleDuplicate(claim: Claimed, reason: 'unknown' | 'lease_ended'): void;
  /** The health of a provider could not be recorded; sending goes on without. */
  recordFailed(account: CircuitOwner, error: unknown): void;
  /** An attempt was made and could not be settled yet: it is tried again. */
  settleFailed(attempt: ClaimedAttempt, error: unknown): void;
}
