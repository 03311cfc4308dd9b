import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { StartupError } from '@watchword/platform';
import { acquireDataDirectory, freePort, type Progress } from '@watchword/platform/redis-server';
import { dockerEngine, findDockerImage } from './docker.ts';
import { documentDbEngine } from './documentdb/documentdb-server.ts';
import { installDocumentDb } from './documentdb/install-documentdb.ts';
import { makePassable, workDirectory } from './documentdb/places.ts';
import { type MongoEngine, type MongoServer, startEngine } from './mongo-server.ts';
import { findMongod, mongodEngine } from './mongod.ts';

const PORT = 27_017;

/**
 * A MongoDB-wire server to work with, whose data stay: `mongod` on PATH, else a container where a Docker engine answers and
 * has the image, else DocumentDB, installed for this user. At the usual port, or at any that is free.
 *
 * @param dataDirectory of the checkout.
 * @throws StartupError with one line that says what is missing, or who else serves these data.
 */
export async function startWorkMongo(dataDirectory: string, progress: Progress): Promise<MongoServer> {
  const { directory, engineAt } = await chooseEngine(dataDirectory, progress);
  const lock = acquireDataDirectory(directory, progress);
  try {
    const port = (await freePort(PORT)) ?? (await freePort());
    if (port === undefined) throw new StartupError('No free port on 127.0.0.1.');
    const engine = engineAt(port);
    progress(`MongoDB: ${engine.name}, data in ${directory}`);
    return await startEngine(engine, lock.release);
  } catch (error) {
    lock.release();
    throw error;
  }
}

interface Choice {
  readonly directory: string;
  readonly engineAt: (port: number) => MongoEngine;
}

async function chooseEngine(dataDirectory: string, progress: Progress): Promise<Choice> {
  const directory = join(dataDirectory, 'mongo');
  if (findMongod() !== undefined) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    return { directory, engineAt: (port) => mongodEngine({ directory, port }) };
  }
  const image = findDockerImage(progress);
  if (image !== undefined) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    return { directory, engineAt: (port) => dockerEngine({ image, directory, port }) };
  }
  const tools = await installDocumentDb(progress);
  const ofDocumentDb = workDirectory(dataDirectory);
  makePassable(ofDocumentDb);
  return {
    directory: ofDocumentDb,
    engineAt: (port) => documentDbEngine({ tools, directory: ofDocumentDb, port, durable: true }),
  };
}
