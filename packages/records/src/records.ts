import { createBatches } from './batches.ts';
import { createLeases } from './leases.ts';
import { createReading } from './reading.ts';
import { createRetention } from './retention.ts';
import { openSqliteStore, type SqliteOptions } from './sqlite/sqlite-store.ts';
import type { Store } from './store.ts';

/** The durable records over one backend. Everything rejects with `RecordsUnavailable` in bounded time while it is away. */
export function createRecords(store: Store) {
  return {
    ...createLeases(store),
    ...createBatches(store),
    ...createReading(store),
    ...createRetention(store),
    close: () => store.close(),
  };
}

export type Records = ReturnType<typeof createRecords>;

/** Opens the records in an SQLite file, which is made when it is missing. @throws StartupError when it cannot be used. */
export async function openRecords(options: SqliteOptions): Promise<Records> {
  return createRecords(await openSqliteStore(options));
}
