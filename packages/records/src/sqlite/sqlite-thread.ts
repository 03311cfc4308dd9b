// The thread that has the database open: SQLite answers synchronously, and a process' event loop must not wait for a disk or
// for another process' lock. It knows statements, and nothing of what they mean.
import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { OF_SOMETHING_ELSE, refusalOf } from '../migrations/refusal.ts';
import type { SqlValue, Statement } from './statements.ts';

export interface ThreadOptions {
  readonly file: string;
  readonly busyMs: number;
  readonly schemaVersion: number;
  /** Of two threads on one file, one makes it when there is none. */
  readonly mayMakeFile: boolean;
  /** Makes the tables of an empty file. */
  readonly schema: readonly string[];
}

export interface Step extends Statement {
  /** When one of its rows changes nothing, all of the request is undone. */
  readonly required?: boolean;
}

export interface Request {
  readonly id: number;
  /** Past this (ms since the epoch) nobody waits for the answer any more, and nothing is done. */
  readonly deadline: number;
  readonly kind: 'open' | 'read' | 'write' | 'close';
  readonly steps: readonly Step[];
}

/** `refused`: this file cannot serve as it is, and an operator must see to it. */
export type Failure = 'unavailable' | 'rejected' | 'conflict' | 'refused';

export type Reply =
  | { readonly id: number; readonly rows: readonly Record<string, SqlValue>[]; readonly changes: readonly number[] }
  | { readonly id: number; readonly undone: true }
  | { readonly id: number; readonly failure: Failure; readonly message: string };

class FileRefused extends Error {}
class FileGone extends Error {}
class TooLate extends Error {}

const options = workerData as ThreadOptions;
let database: DatabaseSync | undefined;
/** Of the file that was opened last: with another one in its place, or none, what is written here would be lost. */
let inode: number | undefined;
const prepared = new Map<string, StatementSync>();

parentPort?.on('message', (request: Request) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort?.postMessage(answer(request));
});

function answer({ id, kind, steps, deadline }: Request): Reply {
  try {
    if (kind === 'close') close();
    else if (Date.now() > deadline) return { id, failure: 'unavailable', message: 'The database was too busy' };
    else if (kind === 'read') return { id, rows: steps.flatMap((step) => read(opened(), step)), changes: [] };
    else if (kind === 'open') opened();
    else {
      const changes = write(opened(), steps, deadline);
      return changes === undefined ? { id, undone: true } : { id, rows: [], changes };
    }
    return { id, rows: [], changes: [] };
  } catch (error) {
    const failure = failureOf(error);
    if (failure === 'unavailable' && !isLocked(error) && !(error instanceof TooLate)) close();
    return { id, failure, message: error instanceof Error ? error.message : 'unknown' };
  }
}

/** Opened by the first request that can, and anew after a failure that a fresh start may cure. */
function opened(): DatabaseSync {
  const present = statSync(options.file, { throwIfNoEntry: false });
  if (database && present?.ino === inode) return database;
  close();
  // An empty file in its place would look as if nothing had ever been decided: that is for a person to say, by a restart.
  if (present === undefined && (inode !== undefined || !options.mayMakeFile)) {
    throw new FileGone(`${options.file} is gone: put it back, or restart to begin with an empty one`);
  }
  let fresh: DatabaseSync | undefined;
  try {
    mkdirSync(dirname(options.file), { recursive: true, mode: 0o700 });
    fresh = new DatabaseSync(options.file, { timeout: options.busyMs });
    // FULL: what a cursor says is recorded leaves Redis, so it must outlive a power failure here.
    // secure_delete: what was erased must not lie on in a free page.
    fresh.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON');
    checkSchema(fresh);
  } catch (error) {
    fresh?.close();
    if (isLocked(error) || error instanceof FileRefused) throw error;
    throw new FileRefused(`cannot be used: ${error instanceof Error ? error.message : 'unknown'}`, { cause: error });
  }
  database = fresh;
  inode = statSync(options.file).ino;
  return fresh;
}

function checkSchema(fresh: DatabaseSync): void {
  const { user_version: version } = fresh.prepare('PRAGMA user_version').get() as { user_version: number };
  if (version === options.schemaVersion) return;
  const refusal = version === 0 ? undefined : refusalOf(version, { version: options.schemaVersion });
  if (refusal) throw new FileRefused(refusal);
  inTransaction(fresh, () => {
    // Another process may have made the tables since.
    const now = fresh.prepare('PRAGMA user_version').get() as { user_version: number };
    if (now.user_version === options.schemaVersion) return true;
    const { tables } = fresh.prepare('SELECT count(*) AS tables FROM sqlite_master').get() as { tables: number };
    if (tables > 0) throw new FileRefused(OF_SOMETHING_ELSE);
    for (const sql of options.schema) fresh.exec(sql);
    fresh.exec(`PRAGMA user_version = ${options.schemaVersion}`);
    return true;
  });
}

function read(open: DatabaseSync, { sql, rows }: Step): Record<string, SqlValue>[] {
  const statement = prepare(open, sql);
  return rows.flatMap((row) => statement.all(...row) as Record<string, SqlValue>[]);
}

/** Changes by step; undefined when a required one changed nothing and all was undone. */
function write(open: DatabaseSync, steps: readonly Step[], deadline: number): number[] | undefined {
  const changes: number[] = [];
  const isComplete = inTransaction(open, () => {
    // The lock was long in coming: whoever asked has been told that nothing came of it.
    if (Date.now() > deadline) throw new TooLate('The database was too busy');
    for (const { sql, rows, required } of steps) {
      const statement = prepare(open, sql);
      let changed = 0;
      for (const row of rows) {
        const ofRow = Number(statement.run(...row).changes);
        if (required && ofRow === 0) return false;
        changed += ofRow;
      }
      changes.push(changed);
    }
    return true;
  });
  return isComplete ? changes : undefined;
}

/** Takes the write lock first: a transaction that began by reading could not wait for it. */
function inTransaction(open: DatabaseSync, work: () => boolean): boolean {
  open.exec('BEGIN IMMEDIATE');
  try {
    const keep = work();
    open.exec(keep ? 'COMMIT' : 'ROLLBACK');
    return keep;
  } catch (error) {
    if (open.isTransaction) open.exec('ROLLBACK');
    throw error;
  }
}

function prepare(open: DatabaseSync, sql: string): StatementSync {
  const known = prepared.get(sql);
  if (known) return known;
  const statement = open.prepare(sql);
  prepared.set(sql, statement);
  return statement;
}

function close(): void {
  prepared.clear();
  database?.close();
  database = undefined;
}

/** Primary result codes, https://sqlite.org/rescode.html: what says no to a document, and will again. */
const TOOBIG = 18;
const CONSTRAINT = 19;
const MISMATCH = 20;
const BUSY = 5;
/** An extended one. */
const CONSTRAINT_UNIQUE = 2067;
const LOCKED = 6;

function failureOf(error: unknown): Failure {
  if (error instanceof FileRefused) return 'refused';
  const code = resultCodeOf(error);
  if (code === undefined) return isRefusedValue(error) ? 'rejected' : 'unavailable';
  if (error instanceof Error && 'errcode' in error && error.errcode === CONSTRAINT_UNIQUE) return 'conflict';
  return [TOOBIG, CONSTRAINT, MISMATCH].includes(code) ? 'rejected' : 'unavailable';
}

const isLocked = (error: unknown) => [BUSY, LOCKED].includes(resultCodeOf(error) ?? 0);

function resultCodeOf(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : undefined;
}

/** A value that node:sqlite does not bind. */
const isRefusedValue = (error: unknown) =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_INVALID_ARG');
