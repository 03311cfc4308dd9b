import { chmodSync, mkdtempSync, readdirSync, realpathSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { StartupError } from '@watchword/platform';
import {
  acquireDataDirectory,
  DataDirectoryInUseError,
  freePort,
  type Progress,
} from '@watchword/platform/redis-server';
import { startMongoContainer } from './container.ts';
import { documentDbEngine } from './documentdb/documentdb-server.ts';
import { installDocumentDb } from './documentdb/install-documentdb.ts';
import { temporaryDirectory } from './documentdb/places.ts';
import { type MongoEngine, type MongoServer, type OutageServer, startEngine } from './mongo-server.ts';
import { findMongod, mongodEngine } from './mongod.ts';
import { processesBelow, signalIfThere } from './process-tree.ts';
import { waitUntilMongoAnswers } from './wait-until-answers.ts';

/** A server, or the reason why none can be had and what to do about that. */
export type TestMongo<Server extends MongoServer> =
  | { readonly kind: 'server'; readonly server: Server }
  | { readonly kind: 'none'; readonly reason: string };

const PREFIX = 'watchword-mongo-';
/** One that is being made may not be locked yet. */
const ABANDONED_MS = 60_000;
const GIVEN_ANSWER_MS = 5_000;

/**
 * A MongoDB-wire server for one test run, and the one place that chooses: the one that MONGODB_URL names, else a container
 * where a Docker engine answers, else `mongod` on PATH, else DocumentDB, installed for this user.
 */
export async function startTestMongo(progress: Progress): Promise<TestMongo<MongoServer>> {
  const url = process.env.MONGODB_URL;
  if (!url) return startOutageMongo(progress);
  const failed = new Promise<string>(() => {
    // Somebody else's server: we do not watch it.
  });
  await waitUntilMongoAnswers(url, failed, GIVEN_ANSWER_MS).catch(() => {
    // Somebody meant this very server: to skip its tests, or to choose another, would hide that. The cause may name secrets.
    throw new Error('The server of MONGODB_URL does not answer: start it, or unset MONGODB_URL.');
  });
  return { kind: 'server', server: { name: 'MONGODB_URL', url, failed, stop: () => Promise.resolve() } };
}

/** The same, but never MONGODB_URL's: a server that the test may pause and kill. */
export async function startOutageMongo(progress: Progress): Promise<TestMongo<OutageServer>> {
  try {
    const server = (await startMongoContainer(progress)) ?? (await startOwn(progress));
    progress(`MongoDB for tests: ${server.name}`);
    return { kind: 'server', server };
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    return { kind: 'none', reason: error.message };
  }
}

async function startOwn(progress: Progress): Promise<OutageServer> {
  const mongod = findMongod();
  const tools = mongod === undefined ? await installDocumentDb(progress) : undefined;
  const parent = realpathSync(temporaryDirectory());
  removeAbandoned(parent);
  const directory = mkdtempSync(join(parent, PREFIX));
  // The user that the server runs as passes through.
  chmodSync(directory, 0o711);
  const lock = acquireDataDirectory(directory);
  const discard = () => {
    lock.release();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const port = await freePort();
    if (port === undefined) throw new StartupError('No free port on 127.0.0.1.');
    const engine: MongoEngine =
      tools === undefined
        ? mongodEngine({ directory, port })
        : documentDbEngine({ tools, directory, port, durable: false });
    return await startEngine(engine, discard);
  } catch (error) {
    discard();
    throw error;
  }
}

/** What a killed run left: its data, and processes only if they were paused then. */
function removeAbandoned(parent: string): void {
  for (const name of readdirSync(parent).filter((each) => each.startsWith(PREFIX))) {
    const directory = join(parent, name);
    try {
      if (Date.now() - statSync(directory).mtimeMs < ABANDONED_MS) continue;
      const lock = acquireDataDirectory(directory);
      for (const pid of processesBelow(directory)) signalIfThere(pid, 'SIGKILL');
      rmSync(directory, { recursive: true, force: true });
      lock.release();
    } catch (error) {
      // In use; or another run removes it at the same time, and a file has gone under our hands.
      if (!(error instanceof DataDirectoryInUseError) && !isFileError(error)) throw error;
    }
  }
}

const isFileError = (error: unknown): boolean => error instanceof Error && 'code' in error;
