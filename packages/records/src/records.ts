import { createAuditTrail } from './audit.ts';
import { createBatches } from './batches.ts';
import { createConfiguration } from './configuration.ts';
import { createErasing } from './erasing.ts';
import { createLeases } from './leases.ts';
import { openMongoStore } from './mongo/mongo-store.ts';
import { createReading } from './reading.ts';
import { createResealing } from './resealing.ts';
import { createRetention } from './retention.ts';
import { createSearch } from './search.ts';
import { openSqliteStore } from './sqlite/sqlite-store.ts';
import { createStatistics } from './statistics.ts';
import type { Store } from './store.ts';
import { createUsers } from './users.ts';
import type { RecordsTarget } from './variables.ts';

/** The durable records over one backend. Everything rejects with `RecordsUnavailable` in bounded time while it is away. */
export function createRecords(store: Store) {
  return {
    ...createLeases(store),
    ...createBatches(store),
    ...createReading(store),
    ...createRetention(store),
    ...createStatistics(store),
    ...createSearch(store),
    ...createErasing(store),
    ...createResealing(store),
    ...createUsers(store),
    configuration: createConfiguration(store),
    audit: createAuditTrail(store),
    close: () => store.close(),
  };
}

export interface Records extends ReturnType<typeof createRecords> {}

export type RecordsOptions = RecordsTarget & {
  /** The longest that anything but counting may take. */
  readonly answerWithinMs?: number;
};

/**
 * Opens the records; a file or a database that is empty gets what it needs. One that is away does not keep this from
 * resolving: what is asked rejects with `RecordsUnavailable` until it serves.
 *
 * @throws StartupError when it cannot be used, or was made by a newer or an older Watchword.
 */
export async function openRecords(options: RecordsOptions): Promise<Records> {
  return createRecords(await ('url' in options ? openMongoStore(options) : openSqliteStore(options)));
}
