import type { Collection, DocumentOf, FieldOf } from './collection.ts';

/** The database is away, locked or did not answer in time. Nothing is known to be wrong with what was asked. */
export class RecordsUnavailable extends Error {
  override readonly name = 'RecordsUnavailable';
}

/** What was asked is refused, and will be again: by the declaration, of which nothing is kept then, or by the database. */
export class RecordsRejected extends Error {
  override readonly name: string = 'RecordsRejected';
}

/** Another document has what no two may share (a declared unique index). */
export class RecordsConflict extends RecordsRejected {
  override readonly name = 'RecordsConflict';
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

export interface Page<T> {
  readonly items: readonly T[];
  /** For the page after this one; null at the end. */
  readonly next: PageCursor | null;
}

export interface Query<C extends Collection> {
  readonly where?: Where<C>;
  /** `id`, or a field that a declared index has next after the fields that `where` fixes. Equal values are ordered by id. */
  readonly sort?: { readonly by: FieldOf<C>; readonly descending?: boolean };
  readonly after?: PageCursor;
  /** Must hold too, and is tried on each document that the rest finds in its index: it never decides which index that is. */
  readonly filter?: Where<C>;
  readonly limit: number;
}

export type SortedList<C extends Collection> = Pick<Query<C>, 'where' | 'after'> & Required<Pick<Query<C>, 'sort'>>;

export type Write =
  /**
   * Inserts, or replaces the document of that id, but for what its collection keeps; one that has taken in as much or more
   * (`applied_seq`) stays.
   */
  | { readonly kind: 'put'; readonly collection: Collection; readonly documents: readonly object[] }
  /** Inserts; a document that is there stays as it is. */
  | { readonly kind: 'add'; readonly collection: Collection; readonly documents: readonly object[] }
  /** Sets fields of the one document that matches. When none does, the write ends here. */
  | { readonly kind: 'require'; readonly collection: Collection; readonly where: object; readonly set: object }
  /**
   * Counts once what is read more than once: each document takes in a shard's increments only at the position that it has
   * come to. Atomic per document; when one has come to another position, it stays as it is, and the write ends here.
   * A backend without transactions then keeps what the other documents took in.
   */
  | { readonly kind: 'tally'; readonly collection: Collection; readonly documents: readonly Tally[] };

/** For one document of a collection with `positions` (shard → position) and `counters` (name → whole number). */
export interface Tally {
  readonly id: string;
  readonly shard: string;
  /** Where the document has come to in this shard; null = it has nothing of it, or is not there yet. */
  readonly expected: string | null;
  /** Where it then is. */
  readonly position: string;
  /** The other fields of a document that is not there yet. */
  readonly base: object;
  /** By counter, whose name has no `.` and does not begin with `$`. */
  readonly increments: Readonly<Record<string, number>>;
}

/**
 * What a backend can do. No promise spans two documents, so that a MongoDB without transactions serves: writes happen in
 * order, and a backend that has transactions undoes all of a write that ended early.
 *
 * Everything rejects with `RecordsUnavailable` in bounded time when the database does not serve, and with
 * `RecordsRejected` when a document or a condition has an undeclared field or a value of another type, or is refused by the
 * database. The messages hold no values.
 */
export interface Store {
  find<C extends Collection>(collection: C, query: Query<C>): Promise<DocumentOf<C>[]>;
  /**
   * The value of the sorted field in the document at this place (1, 2 …) of a sorted list, read from its index alone; null
   * when the list is shorter. So a search that tries its `filter` on many can be bounded.
   */
  valueAt<C extends Collection>(collection: C, list: SortedList<C>, place: number): Promise<number | string | null>;
  /** How many documents match. */
  count<C extends Collection>(collection: C, where: Where<C>): Promise<number>;
  /** How many documents match, by the value of a text field. */
  countBy<C extends Collection>(collection: C, field: FieldOf<C>, where?: Where<C>): Promise<Map<string, number>>;
  /** False when a `require` matched nothing, or a `tally` found a document at another position. */
  write(writes: readonly Write[]): Promise<boolean>;
  /** `exists`: its id, or what a unique index keeps apart, is taken, and nothing changed. */
  insert<C extends Collection>(collection: C, document: DocumentOf<C>): Promise<'inserted' | 'exists'>;
  /**
   * Puts `document` in the place of the one with its id, if that one still matches: `{ version: 3 }`, say. `exists`: another
   * document has what a unique index keeps apart.
   */
  replaceIf<C extends Collection>(
    collection: C,
    where: Where<C>,
    document: DocumentOf<C>,
  ): Promise<'replaced' | 'missing' | 'exists'>;
  /** Sets fields of every document that matches, each atomically; returns how many did. */
  change<C extends Collection>(collection: C, where: Where<C>, set: Partial<DocumentOf<C>>): Promise<number>;
  /** Deletes at most `limit` of the documents that match; returns how many. */
  deleteSome<C extends Collection>(collection: C, where: Where<C>, limit: number): Promise<number>;
  /** The index by which `find` answers: its name, `id` for the primary key, or null when it reads the whole collection. */
  explain<C extends Collection>(collection: C, query: Query<C>): Promise<string | null>;
  /**
   * Leaves nothing of what was erased or deleted in the database's own files, as far as the backend has a say in that. False
   * when others who read kept it from it: it is to be tried again.
   */
  purge(): Promise<boolean>;
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

/** What a document counts in, beside its `base`. */
type Counting = 'id' | 'positions' | 'counters';

export const tally = <C extends Collection>(
  collection: C,
  documents: readonly (Tally & { readonly base: Omit<DocumentOf<C>, Counting> })[],
): Write => ({ kind: 'tally', collection, documents });
