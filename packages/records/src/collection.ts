export type FieldType = 'text' | 'texts' | 'integer' | 'boolean' | 'bytes' | 'json';

/** One field of a collection; `T` is what its documents hold there. */
export interface Field<T = unknown> {
  readonly type: FieldType;
  /** Null when a document has none. */
  readonly optional: boolean;
  /** Never there: carries the type. */
  readonly of?: T | undefined;
}

const field =
  <Preset>(type: FieldType) =>
  <T extends Preset = Preset>(): Field<T> => ({ type, optional: false });

export const text = field<string>('text');
/** Some texts, each once. A condition on it is a text, and holds where that is one of them. */
export const texts = field<readonly string[]>('texts');
export const integer = field<number>('integer');
export const boolean = field<boolean>('boolean');
export const bytes = field<Buffer>('bytes');
export const json = field<unknown>('json');
export const optional = <T>(of: Field<T>): Field<T | null> => ({ type: of.type, optional: true });

export type Fields = Readonly<Record<string, Field>>;

/** A kind of document: what a backend makes its table or its collection from. */
export interface Collection<F extends Fields = Fields> {
  readonly name: string;
  /** Beside `id`, a text by which every document is found. */
  readonly fields: F;
  /** Each ends with `id`, unnamed, so that pages have an order. */
  readonly indexes: readonly (readonly string[])[];
  /** No two documents agree in all of such fields. */
  readonly unique: readonly (readonly string[])[];
  /** What a put sets only where it makes the document: only a change changes it, and no older copy brings it back. */
  readonly kept: readonly string[];
}

type TypeOf<F> = F extends Field<infer T> ? T : never;

export type DocumentOf<C extends Collection> = {
  readonly id: string;
} & { readonly [Name in keyof C['fields']]: TypeOf<C['fields'][Name]> };

export type FieldOf<C extends Collection> = ('id' | keyof C['fields']) & string;

/** Declares a collection once, for every backend. */
export function defineCollection<const F extends Fields>(
  name: string,
  fields: F,
  indexes: readonly (readonly (keyof F & string)[])[] = [],
  unique: readonly (readonly (keyof F & string)[])[] = [],
  kept: readonly (keyof F & string)[] = [],
): Collection<F> {
  return { name, fields, indexes, unique, kept };
}

/** `id` and the declared fields, in a fixed order. */
export const fieldsOf = (collection: Collection): [name: string, field: Field][] => [
  ['id', text()],
  ...Object.entries(collection.fields),
];
