import mongoose from 'mongoose';
import type { Collection } from '../collection.ts';
import { RecordsUnavailable, type Tally, type Write } from '../store.ts';
import { DUPLICATE_KEY, failureOf, isOfId } from './failures.ts';
import { filterOf } from './filters.ts';
import { type StoredModel, toReplacement, toStored } from './models.ts';

type Operation = Parameters<StoredModel['bulkWrite']>[0][number];

/** What `checkDocument` has judged needs no second judgement; one that fails does not keep the others from being written. */
const BULK = { ordered: false, strict: 'throw', skipValidation: true, throwOnValidationError: true } as const;

/** False when a `require` matched nothing, or a `tally` found a document at another position. */
export async function perform(model: StoredModel, write: Write): Promise<boolean> {
  const { collection } = write;
  switch (write.kind) {
    case 'put':
      await upsertAll(model, write.documents, (document) => putOf(collection, document));
      return true;
    case 'add':
      await writeAll(model, write.documents, (document) => ({
        insertOne: { document: toStored(collection, document) },
      }));
      return true;
    case 'require': {
      const { matchedCount } = await model.updateOne(filterOf(write.where), { $set: write.set });
      return matchedCount > 0;
    }
    case 'tally':
      return (await upsertAll(model, write.documents, (document) => tallyOf(collection, document))) === 0;
  }
}

/** The filter leaves out a document that has taken in as much; to insert another of its id then fails, and it stays. */
function putOf(collection: Collection, document: object): Operation {
  const { id, applied_seq } = document as { readonly id: string; readonly applied_seq?: number };
  const isGuarded = 'applied_seq' in collection.fields;
  const filter = filterOf(isGuarded ? { id, applied_seq: { lt: applied_seq } } : { id });
  const replacement = toReplacement(collection, document);
  if (collection.kept.length === 0) return { replaceOne: { filter, replacement, upsert: true } };
  const [kept, changing] = [true, false].map((isKept) =>
    Object.fromEntries(Object.entries(replacement).filter(([name]) => collection.kept.includes(name) === isKept)),
  );
  return { updateOne: { filter, update: { $set: changing, $setOnInsert: kept }, upsert: true } } as Operation;
}

/** In the same way: one that has something of the shard already is left out. */
function tallyOf(collection: Collection, { id, shard, expected, position, base, increments }: Tally): Operation {
  const place = `positions.${shard}`;
  const counted = Object.entries(increments).map(([name, by]) => [`counters.${name}`, by] as const);
  const change = {
    $set: { [place]: position },
    ...(counted.length === 0 ? {} : { $inc: Object.fromEntries(counted) }),
  };
  if (expected !== null) return { updateOne: { filter: { _id: id, [place]: expected }, update: change } };
  const { positions: _, counters: __, ...others } = toReplacement(collection, base);
  return {
    updateOne: {
      filter: { _id: id, [place]: mongoose.trusted({ $exists: false }) },
      update: { ...change, $setOnInsert: { ...others, ...(counted.length === 0 ? { counters: {} } : {}) } },
      upsert: true,
    },
  };
}

interface Written<T> {
  /** Their ids are taken. */
  readonly taken: readonly T[];
  /** How many others matched nothing. */
  readonly missed: number;
}

/**
 * Two who insert a document at once look to the one who came second as if it had been there and did not match: another
 * attempt finds out.
 */
async function upsertAll<T>(
  model: StoredModel,
  documents: readonly T[],
  toOperation: (document: T) => Operation,
): Promise<number> {
  const first = await writeAll(model, documents, toOperation);
  const second = await writeAll(model, first.taken, toOperation);
  return second.taken.length + first.missed + second.missed;
}

/** In one round trip, unless they are very many. */
async function writeAll<T>(
  model: StoredModel,
  documents: readonly T[],
  toOperation: (document: T) => Operation,
): Promise<Written<T>> {
  if (documents.length === 0) return { taken: [], missed: 0 };
  const missed = (result: mongoose.mongo.BulkWriteResult, failures: number) =>
    documents.length - failures - result.insertedCount - result.matchedCount - result.upsertedCount;
  try {
    return { taken: [], missed: missed(await model.bulkWrite(documents.map(toOperation), BULK), 0) };
  } catch (error) {
    if (!(error instanceof mongoose.mongo.MongoBulkWriteError)) throw error;
    if (error.result.getWriteConcernError())
      throw new RecordsUnavailable('No majority of the database confirmed a write');
    const failures = [error.writeErrors].flat();
    const refused = failures.find(({ code, errmsg }) => code !== DUPLICATE_KEY || !isOfId(errmsg ?? ''));
    if (refused) throw failureOf(refused.code);
    if (failures.length === 0) throw error;
    return {
      taken: failures.flatMap(({ index }) => documents[index] ?? []),
      missed: missed(error.result, failures.length),
    };
  }
}
