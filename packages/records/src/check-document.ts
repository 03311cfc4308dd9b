import { type Collection, type Field, type FieldType, fieldsOf } from './collection.ts';
import { DOCUMENT_BYTES_MAX, sizeOf } from './document-size.ts';
import { isList, isRange } from './queries.ts';
import { RecordsRejected, type Tally, type Write } from './store.ts';

// One judgement for every backend, before it is asked: what one of them refused and another stored would part them, and one
// without transactions would keep what it wrote before it refused the rest.

const FITS: Readonly<Record<FieldType, (value: unknown) => boolean>> = {
  text: (value) => typeof value === 'string',
  texts: (value) =>
    Array.isArray(value) && value.every((one) => typeof one === 'string') && new Set(value).size === value.length,
  integer: Number.isSafeInteger,
  boolean: (value) => typeof value === 'boolean',
  bytes: (value) => value instanceof Uint8Array,
  // Null is a value of JSON: it needs no field that may be without one.
  json: (value) => value !== undefined,
};

/** @throws RecordsRejected when it is not what the collection declares; names the field, never its value. */
export function checkDocument(collection: Collection, document: object): void {
  checkNames(collection, document);
  const values = document as Readonly<Record<string, unknown>>;
  let size = 0;
  for (const [name, field] of fieldsOf(collection)) {
    checkValue(collection, name, field, values[name]);
    size += sizeOf(`${collection.name}.${name}`, values[name]);
  }
  if (size > DOCUMENT_BYTES_MAX) throw new RecordsRejected(`${collection.name}: a document is too large`);
}

/** What is set of a document. */
export function checkChange(collection: Collection, set: object): void {
  checkNames(collection, set);
  for (const [name, value] of Object.entries(set)) {
    if (name === 'id') throw new RecordsRejected(`${collection.name}.id does not change`);
    const field = collection.fields[name];
    if (!field) continue;
    checkValue(collection, name, field, value);
    if (sizeOf(`${collection.name}.${name}`, value) > DOCUMENT_BYTES_MAX) {
      throw new RecordsRejected(`${collection.name}.${name} is too large`);
    }
  }
}

/** By what documents are looked for. */
export function checkWhere(collection: Collection, where: object): void {
  checkNames(collection, where);
  for (const [name, wanted] of Object.entries(where) as [string, unknown][]) {
    const type = name === 'id' ? 'text' : collection.fields[name]?.type;
    if (type === 'texts') {
      if (FITS.text(wanted)) continue;
      throw new RecordsRejected(`${collection.name}.${name} is looked for by what is no text`);
    }
    const isComparable = isRange(wanted) || isList(wanted);
    if (type === 'json' ? wanted !== null : !(isComparable || wanted === null || (type && FITS[type](wanted)))) {
      throw new RecordsRejected(`${collection.name}.${name} is looked for by what is no ${type ?? 'field'}`);
    }
  }
}

export function checkWrite(write: Write): void {
  const { collection } = write;
  if (write.kind === 'require') {
    checkWhere(collection, write.where);
    checkChange(collection, write.set);
  } else if (write.kind === 'tally') {
    for (const document of write.documents) checkTally(collection, document);
  } else {
    for (const document of write.documents) checkDocument(collection, document);
  }
}

/** Names that a path into a document can hold, in any backend. */
const PATH_NAME = /^(?!\$)[^.\0"]{1,200}$/;

/** The document that a tally makes where there is none. */
export const talliedDocument = ({ id, shard, position, base, increments }: Tally): object => ({
  ...base,
  id,
  positions: { [shard]: position },
  counters: increments,
});

function checkTally(collection: Collection, document: Tally): void {
  checkDocument(collection, talliedDocument(document));
  const { shard, increments } = document;
  const isSound = [shard, ...Object.keys(increments)].every((name) => PATH_NAME.test(name));
  if (!isSound) throw new RecordsRejected(`${collection.name}: a shard or counter has a name that cannot be stored`);
  if (!Object.values(increments).every(Number.isSafeInteger)) {
    throw new RecordsRejected(`${collection.name}.counters count in whole numbers`);
  }
}

function checkNames(collection: Collection, of: object): void {
  for (const name of Object.keys(of)) {
    if (name !== 'id' && !Object.hasOwn(collection.fields, name)) {
      throw new RecordsRejected(`${collection.name} has no field ${name}`);
    }
  }
}

function checkValue(collection: Collection, name: string, { type, optional }: Field, value: unknown): void {
  if (optional && (value === null || value === undefined)) return;
  if (!FITS[type](value)) throw new RecordsRejected(`${collection.name}.${name} must be ${type}`);
}
