import { migrateMongo } from '../mongo/migrate-mongo.ts';
import { migrateSqlite } from '../sqlite/migrate-sqlite.ts';
import type { RecordsTarget } from '../variables.ts';
import type { Migrated, Progress } from './migrated.ts';
import { CURRENT } from './schema.ts';

/**
 * Brings the records to the schema of this Watchword; where they have it, nothing happens. One process at a time does so, and
 * one that was cut off is to be run again.
 *
 * @throws StartupError when a newer Watchword or something else made the database; RecordsUnavailable when it is away.
 */
export async function migrateRecords(target: RecordsTarget, progress: Progress): Promise<Migrated> {
  return 'url' in target ? migrateMongo(target.url, CURRENT, progress) : migrateSqlite(target.file, CURRENT, progress);
}
