import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { StartupError } from '@watchword/platform';
import {
  acquireDataDirectory,
  DataDirectoryInUseError,
  type DataDirectoryLock,
  type Progress,
} from '@watchword/platform/redis-server';
import { hasSetpriv } from '../owned-process.ts';
import { ToolFailed } from '../run-tool.ts';
import { buildFerretDb, FERRETDB_VERSION, findGo } from './ferretdb.ts';
import { cacheDirectory } from './places.ts';
import { fetchPostgres, findDebianArchive, POSTGRES_MAJOR } from './postgres-packages.ts';
import { telling } from './telling.ts';
import { makeTemplate } from './template.ts';
import { makeWhole } from './whole-directory.ts';

/** What the servers are made of, each a directory that is whole or not there. */
export interface DocumentDbTools {
  /** A root of its own with PostgreSQL and the DocumentDB extension. */
  readonly postgres: string;
  /** The directory of the program `ferretdb`. */
  readonly ferretdb: string;
  /** A PostgreSQL data directory in which the extension was created, to be copied. */
  readonly template: string;
}

const LOCK_POLL_MS = 250;

/**
 * FerretDB from the Go module proxy, and PostgreSQL with the DocumentDB extension from Debian's packages, in the cache
 * directory of this user; nothing of the machine is changed. About a minute the first time. Two that start at once wait
 * for each other, and what an earlier run left half-made is made anew.
 *
 * @throws StartupError with one line that says what is missing.
 */
export async function installDocumentDb(progress: Progress): Promise<DocumentDbTools> {
  const directory = join(cacheDirectory(), 'documentdb');
  const tools: DocumentDbTools = {
    postgres: join(directory, `postgres-${POSTGRES_MAJOR}`),
    ferretdb: join(directory, `ferretdb-${FERRETDB_VERSION}`),
    template: join(directory, `template-${POSTGRES_MAJOR}`),
  };
  const isInstalled = () => [tools.postgres, tools.ferretdb, tools.template].every((path) => existsSync(path));
  if (!hasSetpriv()) throw new StartupError('No setpriv of util-linux on PATH: install it, or set MONGODB_URL.');
  if (isInstalled()) return tools;
  const archive = findDebianArchive();
  const go = await findGo();
  makeCacheDirectory(directory);
  const lock = await waitForLock(directory, progress);
  try {
    if (isInstalled()) return tools;
    const results = await Promise.allSettled([
      makeWhole(tools.postgres, (partial) => fetchPostgres(archive, partial, progress)),
      makeWhole(tools.ferretdb, (partial) => {
        const lines = `MongoDB: building FerretDB ${FERRETDB_VERSION} with Go (about a minute, and 700 MB while it lasts)`;
        return telling(lines, progress, () => buildFerretDb(go, partial));
      }),
    ]);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
    await makeWhole(tools.template, (partial) => makeTemplate(tools.postgres, partial));
    return tools;
  } catch (error) {
    if (!(error instanceof ToolFailed)) throw error;
    throw new StartupError(
      `DocumentDB could not be installed in ${directory} (${error.message}): mend that, or set MONGODB_URL.`,
      { cause: error },
    );
  } finally {
    lock.release();
  }
}

function makeCacheDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true });
    // Whatever the umask: the servers' user must get to the programs.
    for (const path of [cacheDirectory(), directory]) chmodSync(path, 0o755);
  } catch (error) {
    throw new StartupError(`${directory} cannot be made: let it be writable, or set MONGODB_URL.`, { cause: error });
  }
}

async function waitForLock(directory: string, progress: Progress): Promise<DataDirectoryLock> {
  let said = false;
  for (;;) {
    try {
      return acquireDataDirectory(directory);
    } catch (error) {
      if (!(error instanceof DataDirectoryInUseError)) throw error;
      if (!said) progress(`MongoDB: waiting for process ${error.ownerPid ?? '(unknown)'}, which is installing it`);
      said = true;
      await delay(LOCK_POLL_MS);
    }
  }
}
