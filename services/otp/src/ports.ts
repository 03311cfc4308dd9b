import type { Channel, JwkSet } from '@watchword/contracts';
import type { Circuit, MessageMap } from '@watchword/delivery';
import type { Records } from '@watchword/records';
import type { CallContext, Owner, Receipts, Verifications } from '@watchword/verifications';
import type { PurposePolicy } from './domain/code-policies.ts';
import type { SendRules } from './domain/send-rules.ts';

/** A call as the gateway admitted it, under the configuration of an epoch. */
export interface Call extends CallContext {
  readonly epoch: number;
}

/** What a project has decided, as opening, resending and erasing need it. */
export interface ProjectRules {
  /** By canonical purpose. */
  policyFor(purpose: string): PurposePolicy;
  /** Those that it has policies for. */
  readonly purposes: readonly string[];
  readonly sending: SendRules;
}

/** At least as new as the call's epoch. */
export type RulesOf = (call: Pick<Call, 'project' | 'epoch'>) => Promise<ProjectRules>;

/** Whether Redis still has room for more than checks. */
export interface RedisRoom {
  isShort(): boolean;
}

export type VerificationStore = Verifications;
export type ReceiptStore = Receipts;

/** What is recorded of verifications. Rejects with `RecordsUnavailable` in bounded time. */
export type DurableRecords = Pick<Records, 'readVerification' | 'readTimeline'>;

/** Knows which attempt a message is of, for providers that repeat nothing of ours. */
export type SentMessages = Pick<MessageMap, 'takeOrPark'>;

/** Is told what a receipt shows of its provider. */
export type ProviderHealth = Pick<Circuit, 'observe'>;

export interface QueuedDelivery {
  readonly id: string;
  readonly channel: Channel;
}

/** Hands a delivery to the workers of its channel. Failing is allowed: the due set follows up. */
export interface DeliveryQueue {
  /** `attempts` made so far tell this job from an earlier one that died with its worker. */
  enqueue(delivery: QueuedDelivery, attempts: number, requestId?: string): Promise<void>;
}

/** What an approval token says. */
export interface TokenClaims {
  /** The verification's; a token of it has no other. */
  readonly id: string;
  /** The address that was proved; of several that the code may have reached the first. */
  readonly destination: string;
  /** All of them when there are several. */
  readonly sentTo?: readonly string[];
  readonly purpose: string;
  /** Milliseconds since the epoch, whole seconds. */
  readonly approvedAt: number;
}

/** Claims of a token that was issued here, for this project and mode. */
export interface ApprovedClaims extends TokenClaims {
  readonly isExpired: boolean;
}

export interface ApprovalTokens {
  /** The public keys that verify tokens, the current one first. */
  readonly jwks: JwkSet;
  issue(approved: TokenClaims, owner: Owner): Promise<string>;
  /** Null for anything that was not issued here for this project and mode; why is nobody's business. */
  verify(token: string, owner: Owner): Promise<ApprovedClaims | null>;
}
