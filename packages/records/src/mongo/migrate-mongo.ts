import { type Secret, StartupError } from '@watchword/platform';
import type { mongo } from 'mongoose';
import type { Migrated, Progress } from '../migrations/migrated.ts';
import { refusalOf } from '../migrations/refusal.ts';
import type { Schema } from '../migrations/schema.ts';
import type { MigrationStep } from '../migrations/steps.ts';
import { codeOf } from './failures.ts';
import { type Filter, filterOf } from './filters.ts';
import { toDocument } from './models.ts';
import {
  databaseOf,
  describeIndex,
  makeCollection,
  makeSchema,
  readVersion,
  withLock,
  writeVersion,
} from './mongo-schema.ts';
import { createSession, type OpenConnection } from './session.ts';

/** An index over many millions of documents takes its time. */
const STEP_WITHIN_MS = 3_600_000;
const CONNECT_WITHIN_MS = 10_000;
const DOCUMENTS_PER_PAGE = 1_000;
const INDEX_NOT_FOUND = 27;

/** Nothing here is undone by being cut off, and all of it can be done again. */
export async function migrateMongo(url: Secret, schema: Schema, progress: Progress): Promise<Migrated> {
  const session = createSession({
    url,
    answerWithinMs: STEP_WITHIN_MS,
    connectWithinMs: CONNECT_WITHIN_MS,
    connectionsMax: 2,
    check: async () => undefined,
  });
  try {
    return await session.ask((open) => withLock(databaseOf(open.connection), () => migrate(open, schema, progress)));
  } finally {
    await session.close();
  }
}

async function migrate(open: OpenConnection, schema: Schema, progress: Progress): Promise<Migrated> {
  const db = databaseOf(open.connection);
  const from = (await readVersion(db)) ?? 0;
  if (from === 0) return { from, to: await makeSchema(db, schema) };
  if (from > schema.version) throw new StartupError(`The database of MONGODB_URL ${refusalOf(from, schema)}.`);
  for (let version = from; version < schema.version; version += 1) {
    for (const step of schema.migrations[version - 1]?.() ?? []) await perform(open, db, step, progress);
    await writeVersion(db, version + 1);
  }
  return { from, to: schema.version };
}

async function perform(open: OpenConnection, db: mongo.Db, step: MigrationStep, progress: Progress): Promise<void> {
  const { collection } = step;
  switch (step.kind) {
    case 'create collection':
      progress(`Making ${collection.name}`);
      return makeCollection(db, collection);
    case 'add field':
      // Documents that have none read as if they had null.
      return;
    case 'create index':
      progress(`Indexing ${step.index.name}`);
      await db.collection(collection.name).createIndexes([describeIndex(collection, step.index)]);
      return;
    case 'drop index':
      await dropIndex(db, collection.name, step.index.name);
      return;
    case 'change documents':
      progress(`${step.what} in ${collection.name}`);
      return changeDocuments(open, step, progress);
  }
}

async function dropIndex(db: mongo.Db, collection: string, name: string): Promise<void> {
  try {
    await db.collection(collection).dropIndex(name);
  } catch (error) {
    if (codeOf(error) !== INDEX_NOT_FOUND) throw error;
  }
}

/** By pages in the order of the ids. A document that another process changed meanwhile keeps what it was given. */
async function changeDocuments(
  { modelOf }: OpenConnection,
  { collection, change }: Extract<MigrationStep, { kind: 'change documents' }>,
  progress: Progress,
): Promise<void> {
  const model = modelOf(collection);
  let after: string | undefined;
  let read = 0;
  for (;;) {
    const behind = after === undefined ? {} : filterOf({ id: { gt: after } });
    const page = await model.find(behind).sort({ _id: 1 }).limit(DOCUMENTS_PER_PAGE).lean();
    const changes = page.flatMap((stored) => {
      const document = toDocument(collection, stored) as Record<string, unknown>;
      const set = change(document);
      if (set === null) return [];
      const before = Object.fromEntries(Object.keys(set).map((name) => [name, document[name]]));
      const filter: Filter = { ...before, _id: stored._id };
      return [{ updateOne: { filter, update: { $set: set } } }];
    });
    if (changes.length > 0) await model.bulkWrite(changes, { ordered: false, strict: 'throw' });
    read += page.length;
    after = page.at(-1)?._id;
    if (page.length < DOCUMENTS_PER_PAGE) return;
    progress(`${read} of ${collection.name}`);
  }
}
