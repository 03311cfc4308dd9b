import type { Collection } from './collection.ts';
import type { Query, Range } from './store.ts';

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !(value instanceof Uint8Array);

export const isList = (value: unknown): value is { in: readonly (string | number)[] } =>
  isObject(value) && 'in' in value;

export const isRange = (value: unknown): value is Range =>
  isObject(value) && Object.keys(value).length > 0 && Object.keys(value).every((name) => BOUNDS.has(name));

const BOUNDS: ReadonlySet<string> = new Set(['gt', 'gte', 'lt', 'lte'] satisfies (keyof Range)[]);

/** An index of a collection: its fields, and its name in every backend. */
export interface Index {
  readonly name: string;
  readonly fields: readonly string[];
  readonly unique: boolean;
}

/** The field of an index that has several texts: it has as many entries of a document as that has of these. */
export const textsOf = ({ fields }: Collection, index: Pick<Index, 'fields'>): string | undefined =>
  index.fields.find((name) => fields[name]?.type === 'texts');

/** Ways to find documents of a collection, beside their ids. */
export const indexesOf = ({ name, indexes, unique }: Pick<Collection, 'name' | 'indexes' | 'unique'>): Index[] => [
  ...indexes.map((fields) => ({ name: [name, ...fields].join('_'), fields, unique: false })),
  ...unique.map((fields) => ({ name: [name, ...fields, 'unique'].join('_'), fields, unique: true })),
];

/**
 * The field that a query sorts by. A list without its index would read the whole collection, and nobody would notice while
 * it is small: @throws Error.
 */
export function sortFieldOf(collection: Collection, query: Pick<Query<Collection>, 'where' | 'sort'>): string {
  const by = query.sort?.by ?? 'id';
  if (by === 'id' || listIndexOf(collection, query) !== undefined) return by;
  const fixed = Object.keys(query.where ?? {});
  throw new Error(`${collection.name} has no index for ${by} after ${fixed.join(', ') || 'nothing'}`);
}

/** The index in which a sorted list stands as it is: of those that will do, the one that fixes most fields. A unique one may lack documents. */
export function listIndexOf(
  collection: Collection,
  { where = {}, sort }: Pick<Query<Collection>, 'where' | 'sort'>,
): Index | undefined {
  const fixed = Object.keys(where);
  const placeOf = ({ fields }: Index) => fields.indexOf(sort?.by ?? 'id');
  return indexesOf(collection)
    .filter((index) => !index.unique && placeOf(index) >= 0)
    .filter((index) => index.fields.slice(0, placeOf(index)).every((name) => fixed.includes(name)))
    .toSorted((one, other) => placeOf(other) - placeOf(one))[0];
}
