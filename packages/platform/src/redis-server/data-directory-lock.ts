import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { StartupError } from '../errors.ts';
import { writePrivateFile } from './private-file.ts';
import type { Progress } from './resolve-redis-server.ts';

export interface DataDirectoryLock {
  readonly directory: string;
  release(): void;
  [Symbol.dispose](): void;
}

/** Another process that lives owns the directory. */
export class DataDirectoryInUseError extends StartupError {
  readonly directory: string;
  readonly ownerPid: number | undefined;

  constructor(directory: string, ownerPid: number | undefined) {
    const owner = ownerPid === undefined ? 'another process' : `process ${ownerPid}`;
    super(`${directory} is in use by ${owner}: end it, or set DATA_DIR to another directory.`);
    this.directory = directory;
    this.ownerPid = ownerPid;
  }
}

/** An unreferenced database is closed when it is collected, and its lock would be gone: what is held stays reachable. */
const held = new Set<DatabaseSync>();

const ownerSchema = z.object({ pid: z.number().int().positive() });

/**
 * Makes this process the only owner of a directory, which is made when missing.
 *
 * The lock is SQLite's exclusive lock on a file, so it is the kernel's: it ends with its process however that ends, two
 * that start at once cannot both have it, and a process id used again means nothing. The pid beside it is only for people.
 *
 * @throws DataDirectoryInUseError naming the owner.
 */
export function acquireDataDirectory(directory: string, progress?: Progress): DataDirectoryLock {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const ownerPath = join(directory, 'owner.json');
  const database = new DatabaseSync(join(directory, 'owner.lock'), { timeout: 0 });
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (!isBusy(error)) throw error;
    throw new DataDirectoryInUseError(directory, readOwner(ownerPath));
  }
  held.add(database);
  const stale = readOwner(ownerPath);
  if (stale !== undefined) progress?.(`${directory}: its last owner, process ${stale}, ended without cleaning up`);
  writePrivateFile(ownerPath, JSON.stringify({ pid: process.pid }));

  let released = false;
  const release = () => {
    if (released) return;
    released = true;
    rmSync(ownerPath, { force: true });
    database.close();
    held.delete(database);
  };
  return { directory, release, [Symbol.dispose]: release };
}

/** SQLITE_BUSY, https://sqlite.org/rescode.html#busy */
function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === 5;
}

function readOwner(path: string): number | undefined {
  try {
    return ownerSchema.parse(JSON.parse(readFileSync(path, 'utf8'))).pid;
  } catch {
    // The owner is between taking the lock and writing its name, or there is none: the lock decides, not this file.
    return undefined;
  }
}
