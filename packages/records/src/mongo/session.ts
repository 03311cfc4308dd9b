import type { Secret } from '@watchword/platform';
import mongoose, { type Connection } from 'mongoose';
import type { Collection } from '../collection.ts';
import { RecordsUnavailable } from '../store.ts';
import { toFailure } from './failures.ts';
import { createModels, type StoredModel } from './models.ts';
import { within } from './within.ts';

export interface SessionOptions {
  readonly url: Secret;
  /** The longest that one call may take. */
  readonly answerWithinMs: number;
  readonly connectWithinMs?: number;
  readonly connectionsMax: number;
  /** Of a new connection: whether it is to be used at all. */
  readonly check: (connection: Connection) => Promise<void>;
}

export interface OpenConnection {
  readonly connection: Connection;
  readonly modelOf: (collection: Collection) => StoredModel;
}

const DEFAULT_DATABASE = 'watchword';

/**
 * A connection of its own, made by the first call that can, and made again until one could; from then on the driver finds
 * its way back by itself. What is asked while there is none rejects with `RecordsUnavailable` in time.
 */
export function createSession(options: SessionOptions) {
  const { answerWithinMs } = options;
  let connection: Connection | undefined;
  let opening: Promise<OpenConnection> | undefined;
  let isClosed = false;

  async function open(): Promise<OpenConnection> {
    const fresh = createConnection(options);
    connection = fresh;
    try {
      await fresh.asPromise();
      await options.check(fresh);
    } catch (error) {
      await fresh.close(true);
      throw error;
    }
    return { connection: fresh, modelOf: createModels(fresh) };
  }

  function opened(): Promise<OpenConnection> {
    opening ??= open().catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  }

  return {
    async ask<T>(work: (open: OpenConnection) => Promise<T>, withinMs = answerWithinMs): Promise<T> {
      if (isClosed) throw new RecordsUnavailable('The records are closed');
      const deadline = performance.now() + withinMs;
      try {
        const answer = opened().then((ready) => {
          // Whoever asked has been told that nothing came of it.
          if (isClosed || performance.now() > deadline) throw new RecordsUnavailable('The connection came too late');
          return work(ready);
        });
        return await within(withinMs, answer);
      } catch (error) {
        throw toFailure(error);
      }
    },

    async close(): Promise<void> {
      if (isClosed) return;
      isClosed = true;
      await connection?.close(true);
    },
  };
}

function createConnection({ url, answerWithinMs, connectWithinMs = answerWithinMs, connectionsMax }: SessionOptions) {
  const hasDatabase = /^mongodb(\+srv)?:\/\/[^/]+\/[^?]/.test(url.reveal());
  const connection = mongoose.createConnection(url.reveal(), {
    ...(hasDatabase ? {} : { dbName: DEFAULT_DATABASE }),
    appName: 'watchword',
    maxPoolSize: connectionsMax,
    serverSelectionTimeoutMS: connectWithinMs,
    connectTimeoutMS: connectWithinMs,
    socketTimeoutMS: answerWithinMs,
    waitQueueTimeoutMS: connectWithinMs,
    // What a cursor says is recorded leaves Redis, so it must outlive the loss of a node and of power.
    writeConcern: { w: 'majority', journal: true },
    readPreference: 'primary',
    promoteBuffers: true,
    // As in JSON: a field that is undefined is not there.
    ignoreUndefined: true,
    autoIndex: false,
    autoCreate: false,
    bufferCommands: false,
    sanitizeFilter: true,
  });
  // Each call that fails says so; without a listener the event would end the process.
  connection.on('error', () => undefined);
  return connection;
}
