import { trusted } from 'mongoose';
import type { Collection } from '../collection.ts';
import { isList, isRange, listIndexOf, sortFieldOf } from '../queries.ts';
import type { PageCursor, Query } from '../store.ts';

/** A filter of the driver's; what is an operator in it is marked as ours, and anything else is a value to mongoose. */
export type Filter = Record<string, unknown>;

export function filterOf(where: object): Filter {
  return Object.fromEntries(
    Object.entries(where).map(([name, wanted]: [string, unknown]) => [
      name === 'id' ? '_id' : name,
      conditionOf(wanted),
    ]),
  );
}

function conditionOf(wanted: unknown): unknown {
  if (isList(wanted)) return trusted({ $in: [...wanted.in] });
  if (!isRange(wanted)) return wanted ?? null;
  return trusted(Object.fromEntries(Object.entries(wanted).map(([bound, value]) => [`$${bound}`, value])));
}

export interface Find {
  readonly filter: Filter;
  readonly sort: Readonly<Record<string, 1 | -1>>;
  /** The index in which the list stands: the database would choose by what it happens to have in store. */
  readonly hint: string | undefined;
}

export function findOf<C extends Collection>(collection: C, query: Omit<Query<C>, 'limit'>): Find {
  const by = sortFieldOf(collection, query);
  const direction = query.sort?.descending ? -1 : 1;
  const conditions = [filterOf(query.where ?? {}), ...(query.after ? behind(by, direction, query.after) : [])];
  if (query.filter) conditions.push(filterOf(query.filter));
  const [only = {}, ...others] = conditions;
  return {
    filter: others.length === 0 ? only : { $and: conditions },
    sort: by === 'id' ? { _id: direction } : { [by]: direction, _id: direction },
    hint: listIndexOf(collection, query)?.name,
  };
}

/** The first condition bounds the index, the second passes over what has the cursor's own value. */
function behind(by: string, direction: 1 | -1, { value, id }: PageCursor): Filter[] {
  const [beyond, from] = direction === 1 ? ['$gt', '$gte'] : ['$lt', '$lte'];
  const isBehind = { _id: trusted({ [beyond]: id }) };
  if (by === 'id') return [isBehind];
  return [{ [by]: trusted({ [from]: value }) }, { $or: [{ [by]: trusted({ [beyond]: value }) }, isBehind] }];
}
