import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { StartupError } from '@watchword/platform';
import type { Connection, mongo } from 'mongoose';
import type { Collection, FieldType } from '../collection.ts';
import { OF_SOMETHING_ELSE, refusalOf } from '../migrations/refusal.ts';
import type { Schema } from '../migrations/schema.ts';
import { type Index, indexesOf } from '../queries.ts';
import { RecordsUnavailable } from '../store.ts';
import { codeOf, DUPLICATE_KEY } from './failures.ts';

/** Holds the version of what is stored, and the lock of whoever changes that. */
const SCHEMA = 'schema';
const VERSION = 'records';
const LOCK = 'lock';
const LOCK_MS = 60_000;
const LOCK_RENEWED_MS = 10_000;
const LOCK_ASKED_MS = 200;

interface SchemaDocument {
  readonly _id: string;
  readonly version?: number;
  readonly owner?: string;
  readonly until?: number;
}

/** Null: nothing of the records is there. 0: they are being made, or whoever made them was cut off. */
export async function readVersion(db: mongo.Db): Promise<number | null> {
  const found = await db.collection<SchemaDocument>(SCHEMA).findOne({ _id: VERSION });
  return found?.version ?? null;
}

export async function writeVersion(db: mongo.Db, version: number): Promise<void> {
  await db.collection<SchemaDocument>(SCHEMA).updateOne({ _id: VERSION }, { $set: { version } }, { upsert: true });
}

/** What is asked of a new connection: an empty database gets the newest schema, one of another version is refused. */
export function openSchema(schema: Schema): (connection: Connection) => Promise<void> {
  return async (connection) => {
    const db = databaseOf(connection);
    const version = (await readVersion(db)) || (await withLock(db, () => makeSchema(db, schema)));
    const refusal = refusalOf(version, schema);
    if (refusal) throw new StartupError(`The database of MONGODB_URL ${refusal}.`);
  };
}

/** Makes what is not there yet, unless another process has meanwhile. Under the lock. */
export async function makeSchema(db: mongo.Db, { version, collections }: Schema): Promise<number> {
  const known = await readVersion(db);
  if (known) return known;
  if (known === null && (await hasOther(db))) throw new StartupError(`MONGODB_URL ${OF_SOMETHING_ELSE}.`);
  await writeVersion(db, 0);
  for (const collection of collections) await makeCollection(db, collection);
  await writeVersion(db, version);
  return version;
}

async function hasOther(db: mongo.Db): Promise<boolean> {
  const listed = await db.listCollections({}, { nameOnly: true }).toArray();
  return listed.some(({ name }) => name !== SCHEMA && !name.startsWith('system.'));
}

const NAMESPACE_EXISTS = 48;

export async function makeCollection(db: mongo.Db, collection: Collection): Promise<void> {
  try {
    await db.createCollection(collection.name);
  } catch (error) {
    if (codeOf(error) !== NAMESPACE_EXISTS) throw error;
  }
  const indexes = indexesOf(collection).map((index) => describeIndex(collection, index));
  if (indexes.length > 0) await db.collection(collection.name).createIndexes(indexes);
}

/** The smallest value of each type: a comparison with it leaves out the documents that have nothing there. */
const SMALLEST: Readonly<Record<FieldType, string | number | boolean | Buffer | null>> = {
  text: '',
  texts: null,
  integer: Number.MIN_SAFE_INTEGER,
  boolean: false,
  bytes: Buffer.alloc(0),
  json: null,
};

/** Ends with the id, so that pages have an order; a unique one cannot, and binds only the documents that have its fields. */
export function describeIndex(collection: Collection, { name, fields, unique }: Index): mongo.IndexDescription {
  const key = new Map<string, 1>(fields.map((field) => [field, 1]));
  if (!unique) return { name, key: key.set('_id', 1) };
  const partial = fields.flatMap((field): [string, unknown][] => {
    const { type, optional } = collection.fields[field] ?? {};
    return optional && type ? [[field, { $gte: SMALLEST[type] }]] : [];
  });
  const condition: mongo.Document = Object.fromEntries(partial);
  return { name, key, unique, ...(partial.length === 0 ? {} : { partialFilterExpression: condition }) };
}

/** One at a time, of all processes; a lock whose holder died is free after a minute. Waits as long as it must. */
export async function withLock<T>(db: mongo.Db, work: () => Promise<T>): Promise<T> {
  const schema = db.collection<SchemaDocument>(SCHEMA);
  const owner = randomUUID();
  while (!(await takeLock(schema, owner))) await delay(LOCK_ASKED_MS, undefined, { ref: false });
  const renewal = setInterval(() => {
    // One that fails is made up for by the next; the work itself hears of a database that is away.
    const until = Date.now() + LOCK_MS;
    schema.updateOne({ _id: LOCK, owner }, { $set: { until } }).catch(() => undefined);
  }, LOCK_RENEWED_MS);
  renewal.unref();
  try {
    return await work();
  } finally {
    clearInterval(renewal);
    // A lock that cannot be given back runs out.
    await schema.deleteOne({ _id: LOCK, owner }).catch(() => undefined);
  }
}

async function takeLock(schema: mongo.Collection<SchemaDocument>, owner: string): Promise<boolean> {
  const now = Date.now();
  const change = { $set: { owner, until: now + LOCK_MS } };
  try {
    const { matchedCount, upsertedCount } = await schema.updateOne({ _id: LOCK, until: { $lt: now } }, change, {
      upsert: true,
    });
    return matchedCount + upsertedCount > 0;
  } catch (error) {
    if (codeOf(error) === DUPLICATE_KEY) return false;
    throw error;
  }
}

export function databaseOf({ db }: Connection): mongo.Db {
  if (!db) throw new RecordsUnavailable('The database is not connected');
  return db;
}
