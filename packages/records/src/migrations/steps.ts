import type { Collection, Field } from '../collection.ts';
import { type Index, indexesOf } from '../queries.ts';

/**
 * One change of a stored schema. Each can be done again: a backend without transactions may have been cut off behind it.
 * There is no way back, and no step that loses what is stored.
 */
export type MigrationStep =
  | { readonly kind: 'create collection'; readonly collection: Collection }
  | { readonly kind: 'add field'; readonly collection: Collection; readonly name: string; readonly field: Field }
  | { readonly kind: 'create index'; readonly collection: Collection; readonly index: Index }
  | { readonly kind: 'drop index'; readonly collection: Collection; readonly index: Index }
  | {
      readonly kind: 'change documents';
      readonly collection: Collection;
      /** For the person who waits. */
      readonly what: string;
      /** What to set of a document; null when there is nothing to do, or no more. */
      readonly change: (document: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>> | null;
    };

/** What leads from one set of declarations to another. @throws Error when stored documents would not fit the other. */
export function stepsBetween(before: readonly Collection[], after: readonly Collection[]): MigrationStep[] {
  const known = new Map(before.map((collection) => [collection.name, collection]));
  return after.flatMap((collection) => {
    const old = known.get(collection.name);
    return old ? stepsWithin(old, collection) : [{ kind: 'create collection' as const, collection }];
  });
}

function stepsWithin(old: Collection, collection: Collection): MigrationStep[] {
  const isSame = (one: Index) => (other: Index) => one.name === other.name;
  const [oldIndexes, indexes] = [indexesOf(old), indexesOf(collection)];
  const dropped = oldIndexes.filter((index) => !indexes.some(isSame(index)));
  const made = indexes.filter((index) => !oldIndexes.some(isSame(index)));
  return [
    ...dropped.map((index) => ({ kind: 'drop index' as const, collection, index })),
    ...fieldsBetween(old, collection),
    ...made.map((index) => ({ kind: 'create index' as const, collection, index })),
  ];
}

function fieldsBetween(old: Collection, collection: Collection): MigrationStep[] {
  for (const name of Object.keys(old.fields)) {
    if (!Object.hasOwn(collection.fields, name)) throw new Error(`${collection.name}.${name} is stored and cannot go`);
  }
  return Object.entries(collection.fields).flatMap(([name, field]) => {
    const before = old.fields[name];
    if (before && (before.type !== field.type || before.optional !== field.optional)) {
      throw new Error(`${collection.name}.${name} is stored as another type`);
    }
    if (before) return [];
    if (!field.optional) throw new Error(`${collection.name}.${name} must be optional: what is stored has none`);
    return [{ kind: 'add field' as const, collection, name, field }];
  });
}
