import type { Collection, DocumentOf, FieldOf } from './collection.ts';

/** The database is away, locked or did not answer in time. Nothing is known to be wrong with what was asked. */
export class RecordsUnavailable extends Error {
  override readonly name = 'RecordsUnavailable';
}

/** The database refused these documents, and will refuse them again. Nothing of the write was kept. */
export class RecordsRejected extends Error {
  override readonly name = 'RecordsRejected';
}

type Value = string | number | boolean | Buffer | null;

export interface Range {
  readonly gt?: number | string;
  readonly gte?: number | string;
  readonly lt?: number | string;
  readonly lte?: number | string;
}

/** By field: this value, one of these, or within these bounds. All of it must hold. */
export type Where<C extends Collection> = {
  readonly [Name in FieldOf<C>]?: Value | { readonly in: readonly (string | number)[] } | Range;
};

/** A place in a sorted list: behind the document with this value and id. */
export interface PageCursor {
  readonly value: number | string;
  readonly id: string;
}

export interface Query<C extends Collection> {
  readonly where?: Where<C>;
  /** `id`, or a field that a declared index has next after the fields that `where` fixes. Equal values are ordered by id. */
  readonly sort?: { readonly by: FieldOf<C>; readonly descending?: boolean };
  readonly after?: PageCursor;
  readonly limit: number;
}

export type Write =
  /** Inserts, or replaces the document of that id; one that has taken in as much or more (`applied_seq`) stays. */
  | { readonly kind: 'put'; readonly collection: Collection; readonly documents: readonly object[] }
  /** Inserts; a document that is there stays as it is. */
  | { readonly kind: 'add'; readonly collection: Collection; readonly documents: readonly object[] }
  /** Sets fields of the one document that matches. When none does, the write ends here. */
  | { readonly kind: 'require'; readonly collection: Collection; readonly where: object; readonly set: object };

/**
 * What a backend can do. No promise spans two documents, so that a MongoDB without transactions serves: writes happen in
 * order, and a backend that has transactions undoes all of a write that ended early.
 *
 * Everything rejects with `RecordsUnavailable` in bounded time when the database does not serve, and with
 * `RecordsRejected` when it refuses a document.
 */
export interface Store {
  find<C extends Collection>(collection: C, query: Query<C>): Promise<DocumentOf<C>[]>;
  /** How many documents match. */
  count<C extends Collection>(collection: C, where: Where<C>): Promise<number>;
  /** How many documents match, by the value of a text field. */
  countBy<C extends Collection>(collection: C, field: FieldOf<C>): Promise<Map<string, number>>;
  /** False when a `require` matched nothing. */
  write(writes: readonly Write[]): Promise<boolean>;
  /** Sets fields of every document that matches, each atomically; returns how many did. */
  change<C extends Collection>(collection: C, where: Where<C>, set: Partial<DocumentOf<C>>): Promise<number>;
  /** Deletes at most `limit` of the documents that match; returns how many. */
  deleteSome<C extends Collection>(collection: C, where: Where<C>, limit: number): Promise<number>;
  close(): Promise<void>;
}

/** Typed at the call, so that a write of several collections can stand in one list. */
export const put = <C extends Collection>(collection: C, documents: readonly DocumentOf<C>[]): Write => ({
  kind: 'put',
  collection,
  documents,
});

export const add = <C extends Collection>(collection: C, documents: readonly DocumentOf<C>[]): Write => ({
  kind: 'add',
  collection,
  documents,
});

export const requireChange = <C extends Collection>(
  collection: C,
  where: Where<C>,
  set: Partial<DocumentOf<C>>,
): Write => ({ kind: 'require', collection, where, set });
