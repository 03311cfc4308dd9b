import type { Secret } from '@watchword/platform';
import { checkChange, checkDocument, checkWhere, checkWrite } from '../check-document.ts';
import type { Collection, DocumentOf } from '../collection.ts';
import { CURRENT, type Schema } from '../migrations/schema.ts';
import { type Query, RecordsConflict, RecordsUnavailable, type SortedList, type Store } from '../store.ts';
import { indexOfExplanation } from './explain.ts';
import { type Find, filterOf, findOf } from './filters.ts';
import { type StoredModel, toDocument, toReplacement, toStored } from './models.ts';
import { openSchema } from './mongo-schema.ts';
import { createSession } from './session.ts';
import { perform } from './writes.ts';

export interface MongoOptions {
  readonly url: Secret;
  /** The longest that anything but counting may take. */
  readonly answerWithinMs?: number;
  readonly schema?: Schema;
}

const ANSWER_WITHIN_MS = 1_000;
const OPEN_WITHIN_MS = 10_000;
const COUNT_WITHIN_MS = 20_000;
const CONNECTIONS_MAX = 10;
const COUNTING_CONNECTIONS_MAX = 2;

/**
 * A MongoDB database, or what speaks its wire. One that is away does not keep this from resolving: what is asked rejects
 * with `RecordsUnavailable` until it serves.
 *
 * @throws StartupError when it has another schema, is of something else, or refuses the credentials.
 */
export async function openMongoStore({
  url,
  answerWithinMs = ANSWER_WITHIN_MS,
  schema = CURRENT,
}: MongoOptions): Promise<Store> {
  const check = openSchema(schema);
  const session = createSession({ url, answerWithinMs, connectionsMax: CONNECTIONS_MAX, check });
  // Counting reads a whole index: nobody who records or asks waits for it.
  const counting = createSession({
    url,
    answerWithinMs: COUNT_WITHIN_MS,
    connectionsMax: COUNTING_CONNECTIONS_MAX,
    check: async () => undefined,
  });
  try {
    await session.ask(async () => undefined, OPEN_WITHIN_MS);
  } catch (error) {
    if (!(error instanceof RecordsUnavailable)) {
      await session.close();
      throw error;
    }
    // Away for now: whoever asks hears so, and the connection is made once it can be.
  }
  const on = <T>(collection: Collection, work: (model: StoredModel) => Promise<T>) =>
    session.ask(({ modelOf }) => work(modelOf(collection)));
  const group = (collection: Collection, where: object, by: unknown) => {
    checkWhere(collection, where);
    const stages = [{ $match: filterOf(where) }, { $group: { _id: by, count: { $sum: 1 } } }];
    return counting.ask(({ modelOf }) => modelOf(collection).aggregate<Group>(stages));
  };
  return {
    async find<C extends Collection>(collection: C, query: Query<C>) {
      checkWhere(collection, { ...query.filter, ...query.where });
      const list = findOf(collection, query);
      const found = await on(collection, (model) => toList(model, list).limit(query.limit).lean());
      return found.map((stored) => toDocument(collection, stored) as DocumentOf<C>);
    },
    async valueAt<C extends Collection>(collection: C, list: SortedList<C>, place: number) {
      checkWhere(collection, list.where ?? {});
      const { by } = list.sort;
      const found = findOf(collection, list);
      // Without its id, a document needs no more than the index has.
      const [edge] = await on(collection, (model) =>
        toList(model, found, { _id: 0, [by]: 1 })
          .skip(place - 1)
          .limit(1)
          .lean(),
      );
      return (edge?.[by] ?? null) as number | string | null;
    },
    async count(collection, where) {
      const [all] = await group(collection, where, null);
      return all?.count ?? 0;
    },
    async countBy(collection, field, where = {}) {
      const groups = await group(collection, where, field === 'id' ? '$_id' : `$${field}`);
      return new Map(groups.map(({ _id: value, count }) => [String(value), count]));
    },
    async write(writes) {
      writes.forEach(checkWrite);
      return session.ask(async ({ modelOf }) => {
        for (const write of writes) if (!(await perform(modelOf(write.collection), write))) return false;
        return true;
      });
    },
    async insert(collection, document) {
      checkDocument(collection, document);
      const inserted = on(collection, (model) => model.insertOne(toStored(collection, document)));
      return unlessConflict(
        inserted.then(() => 'inserted' as const),
        'exists',
      );
    },
    async replaceIf(collection, where, document) {
      checkWhere(collection, where);
      checkDocument(collection, document);
      const filter = filterOf({ ...where, id: document.id });
      const replaced = on(collection, (model) => model.replaceOne(filter, toReplacement(collection, document)));
      return unlessConflict(
        replaced.then(({ matchedCount }) => (matchedCount === 1 ? 'replaced' : 'missing')),
        'exists',
      );
    },
    async change(collection, where, set) {
      checkWhere(collection, where);
      checkChange(collection, set);
      const changed = await on(collection, (model) => model.updateMany(filterOf(where), { $set: set }));
      return changed.matchedCount;
    },
    async deleteSome(collection, where, limit) {
      checkWhere(collection, where);
      return on(collection, (model) => deleteSome(model, where, limit));
    },
    async explain(collection, query) {
      checkWhere(collection, query.where ?? {});
      const list = findOf(collection, query);
      return indexOfExplanation(
        await on(collection, (model) => toList(model, list).limit(query.limit).explain('queryPlanner')),
      );
    },
    // What its files and its journal hold of older values, the server alone decides.
    purge: async () => true,
    async close() {
      await Promise.all([session.close(), counting.close()]);
    },
  };
}

interface Group {
  readonly _id: unknown;
  readonly count: number;
}

function toList(model: StoredModel, { filter, sort, hint }: Find, fields?: Readonly<Record<string, 0 | 1>>) {
  return model.find(filter, fields, { sort, ...(hint === undefined ? {} : { hint }) });
}

/** As many as it may, though others delete the same ones at once: less than `limit` means that nothing is left. */
async function deleteSome(model: StoredModel, where: object, limit: number): Promise<number> {
  let deleted = 0;
  for (;;) {
    const wanted = limit - deleted;
    const found = await model.find(filterOf(where), { _id: 1 }).limit(wanted).lean();
    if (found.length === 0) return deleted;
    const ids = found.map(({ _id }) => _id);
    const { deletedCount } = await model.deleteMany({ $and: [filterOf(where), filterOf({ id: { in: ids } })] });
    deleted += deletedCount;
    if (deleted === limit || found.length < wanted) return deleted;
  }
}

async function unlessConflict<T, U>(work: Promise<T>, otherwise: U): Promise<T | U> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof RecordsConflict) return otherwise;
    throw error;
  }
}
