import { Secret } from '@watchword/platform';
import mongoose from 'mongoose';
import { afterAll, afterEach } from 'vitest';
import { type MongoOptions, openMongoStore } from '../src/mongo/mongo-store.ts';
import type { Store } from '../src/store.ts';

/** Databases of this file's own on the server that all share; what is opened here is closed, what is made is dropped. */
export function mongoDatabases(server: string) {
  const connections = new Map<string, mongoose.Connection>();
  const stores: Store[] = [];
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
  });
  afterAll(async () => {
    for (const connection of connections.values()) {
      await connection.dropDatabase();
      await connection.close();
    }
  });

  async function databaseOf(name: string): Promise<{ url: Secret; db: mongoose.mongo.Db }> {
    const url = new URL(server);
    url.pathname = `/ww_records_${process.pid}_${name}`;
    const connection = connections.get(name) ?? (await mongoose.createConnection(url.href).asPromise());
    connections.set(name, connection);
    if (!connection.db) throw new Error('not connected');
    return { url: new Secret(url.href), db: connection.db };
  }

  return {
    /** A database without documents, with the collections it had: to make them anew takes longer. */
    async emptied(name: string): Promise<Secret> {
      const { url, db } = await databaseOf(name);
      for (const { name: collection } of await db.listCollections().toArray()) {
        if (collection !== 'schema') await db.collection(collection).deleteMany({});
      }
      return url;
    },

    /** A database that is not there yet. */
    async fresh(name: string): Promise<{ url: Secret; db: mongoose.mongo.Db }> {
      const database = await databaseOf(name);
      await database.db.dropDatabase();
      return database;
    },

    /** Closed after the test. */
    async open(options: MongoOptions): Promise<Store> {
      const store = await openMongoStore(options);
      stores.push(store);
      return store;
    },
  };
}
