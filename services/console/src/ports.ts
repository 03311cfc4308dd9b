import type { Pairings as AccountPairings } from '@watchword/delivery';
import type { ConfigCopies } from '@watchword/platform';
import type { AuditTrail, Configuration } from '@watchword/records';

/** What was decided. Rejects with `RecordsUnavailable` in bounded time. */
export type ConfigurationStore = Configuration;
export type Audit = AuditTrail;

/** Where the services read it. */
export type PublishedCopies = Pick<ConfigCopies, 'publish' | 'isPublished' | 'markPublished' | 'epochOf' | 'ownAgain'>;

/** The addresses that a name has at this moment; none, or a rejection, when nobody knows any. */
export type ResolveHost = (hostname: string) => Promise<readonly string[]>;

/** When keys were used last, which the gateways note down. */
export interface KeyUse {
  /** By key id, ms. Those never used are not in it. */
  lastUsed(project: string): Promise<ReadonlyMap<string, number>>;
}

/** How much of their quota projects have used. */
export interface QuotaSeeds {
  /** Puts what is recorded into Redis; what is counted there already and is more, stays. */
  seed(project: string): Promise<void>;
}

/** Between whoever pairs an account with a phone, and the worker that has its line. */
export type Pairings = Pick<AccountPairings, 'ask' | 'end' | 'read'>;

export interface PublishingObserver {
  published(result: 'published' | 'older' | 'failed'): void;
  /** Redis holds copies, and the database no project: they are not from this database. */
  foundForeignCopies(): void;
}
