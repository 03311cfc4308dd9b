import mongoose, { type Connection, type Model } from 'mongoose';
import { type Collection, type FieldType, fieldsOf } from '../collection.ts';

type Type = typeof String | typeof Number | typeof Boolean | typeof Buffer | typeof mongoose.Schema.Types.Mixed;

const TYPES: Readonly<Record<FieldType, Type>> = {
  text: String,
  texts: mongoose.Schema.Types.Mixed,
  integer: Number,
  boolean: Boolean,
  bytes: Buffer,
  json: mongoose.Schema.Types.Mixed,
};

/** A document as it is stored: the id is its `_id`. */
export type Stored = Record<string, unknown> & { _id: string };
export type StoredModel = Model<Stored>;

/**
 * The models of a connection, made from the declarations. What must be there, and of which type, `checkDocument` says for
 * every backend; here an undeclared field is refused once more, and nothing is added or left out.
 */
export function createModels(connection: Connection): (collection: Collection) => StoredModel {
  const known = new Map<Collection, StoredModel>();
  return (collection) => {
    const model = known.get(collection) ?? makeModel(connection, collection);
    known.set(collection, model);
    return model;
  };
}

function makeModel(connection: Connection, collection: Collection): StoredModel {
  const options = { overwriteModels: true };
  // The schema's own type says nothing of its fields, which are only known at run time.
  return connection.model(collection.name, toSchema(collection), collection.name, options) as unknown as StoredModel;
}

function toSchema(collection: Collection) {
  const definition: Record<string, { type: Type }> = {};
  for (const [name, { type }] of fieldsOf(collection)) definition[name === 'id' ? '_id' : name] = { type: TYPES[type] };
  return new mongoose.Schema<unknown>(definition, {
    strict: 'throw',
    strictQuery: 'throw',
    minimize: false,
    versionKey: false,
    id: false,
    autoIndex: false,
    autoCreate: false,
    bufferCommands: false,
  });
}

/** All fields are stored, null where a document has nothing. */
export function toStored(collection: Collection, document: object): Stored {
  const { id } = document as { readonly id: string };
  return { _id: id, ...toReplacement(collection, document) };
}

/** Without the id, which a replacement does not set. */
export function toReplacement(collection: Collection, document: object): Record<string, unknown> {
  const values = document as Readonly<Record<string, unknown>>;
  return Object.fromEntries(Object.keys(collection.fields).map((name) => [name, values[name] ?? null]));
}

/** A document that was stored before its collection had some optional field has nothing there. */
export function toDocument(collection: Collection, stored: Stored): object {
  return Object.fromEntries(
    fieldsOf(collection).map(([name]) => [name, (name === 'id' ? stored._id : stored[name]) ?? null]),
  );
}
