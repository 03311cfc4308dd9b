import type { ConfigCopies } from '@watchword/platform';
import type { AuditTrail, Configuration } from '@watchword/records';

/** What was decided. Rejects with `RecordsUnavailable` in bounded time. */
export type ConfigurationStore = Configuration;
export type Audit = AuditTrail;

/** Where the services read it. */
export type PublishedCopies = Pick<ConfigCopies, 'publish' | 'isPublished' | 'markPublished' | 'epochOf' | 'ownAgain'>;

/** The addresses that a name has at this moment; rejects when it has none. */
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

export interface PublishingObserver {
  published(result: 'published' | 'older' | 'failed'): void;
  /** Redis holds copies, and the database no project: they are not from this database. */
  foundForeignCopies(): void;
}
