import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StartupError } from '@watchword/platform';
import type { Migrated, Progress } from '../migrations/migrated.ts';
import { OF_SOMETHING_ELSE, refusalOf } from '../migrations/refusal.ts';
import { type Schema, stepsFrom } from '../migrations/schema.ts';
import type { MigrationStep } from '../migrations/steps.ts';
import { RecordsUnavailable } from '../store.ts';
import { decode, type SqlValue, update } from './statements.ts';
import { addColumn, createIndex, createTable, dropIndex, quote } from './tables.ts';

/** How long another process may write before this gives up. */
const BUSY_MS = 10_000;
const DOCUMENTS_PER_PAGE = 1_000;
const BUSY = 5;

/**
 * In one transaction, which holds off everybody else: cut off, it leaves the file as it was. Works in the thread that calls.
 *
 * @throws StartupError when the file is of something else or newer; RecordsUnavailable when another process holds it.
 */
export function migrateSqlite(file: string, schema: Schema, progress: Progress, busyMs = BUSY_MS): Migrated {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { timeout: busyMs });
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; BEGIN IMMEDIATE');
    const migrated = migrate(database, file, schema, progress);
    database.exec('COMMIT');
    return migrated;
  } catch (error) {
    if (error instanceof StartupError) throw error;
    const message = error instanceof Error ? error.message : 'unknown';
    if (error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === BUSY) {
      throw new RecordsUnavailable(message);
    }
    throw new StartupError(`RECORDS_FILE ${file} cannot be used: ${message}.`, { cause: error });
  } finally {
    // What was not committed is undone by closing.
    database?.close();
  }
}

function migrate(database: DatabaseSync, file: string, schema: Schema, progress: Progress): Migrated {
  const { user_version: from } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  const refused = from > schema.version || from < 0 ? refusalOf(from, schema) : undefined;
  if (refused) throw new StartupError(`RECORDS_FILE ${file} ${refused}.`);
  if (from === 0) {
    const { tables } = database.prepare('SELECT count(*) AS tables FROM sqlite_master').get() as { tables: number };
    if (tables > 0) throw new StartupError(`RECORDS_FILE ${file} ${OF_SOMETHING_ELSE}.`);
    for (const sql of schema.collections.flatMap(createTable)) database.exec(sql);
  } else {
    for (const step of stepsFrom(from, schema)) perform(database, step, progress);
  }
  database.exec(`PRAGMA user_version = ${schema.version}`);
  return { from, to: schema.version };
}

function perform(database: DatabaseSync, step: MigrationStep, progress: Progress): void {
  const { collection } = step;
  switch (step.kind) {
    case 'create collection':
      progress(`Making ${collection.name}`);
      for (const sql of createTable(collection)) database.exec(sql);
      return;
    case 'add field':
      database.exec(addColumn(collection.name, step.name, step.field));
      return;
    case 'create index':
      progress(`Indexing ${step.index.name}`);
      for (const sql of createIndex(collection, step.index)) database.exec(sql);
      return;
    case 'drop index':
      for (const sql of dropIndex(collection, step.index)) database.exec(sql);
      return;
    case 'change documents':
      progress(`${step.what} in ${collection.name}`);
      changeDocuments(database, step, progress);
  }
}

function changeDocuments(
  database: DatabaseSync,
  { collection, change }: Extract<MigrationStep, { kind: 'change documents' }>,
  progress: Progress,
): void {
  const page = database.prepare(`SELECT * FROM ${quote(collection.name)} WHERE id > ? ORDER BY id LIMIT ?`);
  let after = '';
  let read = 0;
  for (;;) {
    const rows = page.all(after, DOCUMENTS_PER_PAGE) as Record<string, SqlValue>[];
    for (const row of rows) {
      const set = change(decode(collection, row) as Record<string, unknown>);
      const statement = set && update(collection, { id: row.id }, set);
      if (statement) database.prepare(statement.sql).run(...(statement.rows[0] ?? []));
    }
    if (rows.length < DOCUMENTS_PER_PAGE) return;
    after = String(rows.at(-1)?.id);
    read += rows.length;
    progress(`${read} of ${collection.name}`);
  }
}
