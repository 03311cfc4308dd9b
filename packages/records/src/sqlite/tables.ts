import { type Collection, type Field, type FieldType, fieldsOf } from '../collection.ts';
import { type Index, indexesOf, textsOf } from '../queries.ts';

const SQL_TYPES: Readonly<Record<FieldType, string>> = {
  text: 'TEXT',
  texts: 'TEXT',
  integer: 'INTEGER',
  boolean: 'INTEGER',
  bytes: 'BLOB',
  json: 'TEXT',
};

export const quote = (name: string): string => `"${name}"`;

/** The table of a declaration, with its indexes. Without row ids, every index ends with the id by itself. */
export function createTable(collection: Collection): string[] {
  const columns = fieldsOf(collection).map(
    ([name, field]) => `${columnOf(name, field)}${name === 'id' ? ' PRIMARY KEY' : ''}`,
  );
  return [
    `CREATE TABLE ${quote(collection.name)} (${columns.join(', ')}) STRICT, WITHOUT ROWID`,
    ...indexesOf(collection).flatMap((index) => createIndex(collection, index)),
  ];
}

/** SQLite lets any number of rows have null in a unique index. */
export function createIndex(collection: Collection, index: Index): string[] {
  const { name, fields, unique } = index;
  const texts = textsOf(collection, index);
  if (texts !== undefined) return createTextsIndex(collection, index, texts);
  const columns = fields.map(quote).join(', ');
  return [`CREATE ${unique ? 'UNIQUE ' : ''}INDEX ${quote(name)} ON ${quote(collection.name)} (${columns})`];
}

export function dropIndex(collection: Collection, index: Index): string[] {
  const { name } = index;
  if (textsOf(collection, index) === undefined) return [`DROP INDEX IF EXISTS ${quote(name)}`];
  const triggers = TEXTS_TRIGGERS.map((at) => `DROP TRIGGER IF EXISTS ${quote(`${name}_${at}`)}`);
  return [...triggers, `DROP TABLE IF EXISTS ${quote(name)}`];
}

const TEXTS_TRIGGERS = ['insert', 'delete', 'update'] as const;

/**
 * An index finds a row by what it has in its columns, and so never by each of several texts in one: a table of its own has a
 * row for each of them, kept by the statements that change the documents, in the same transaction.
 * The index's other fields have a value in every document.
 */
function createTextsIndex(
  { name: table, fields: declared }: Collection,
  { name, fields }: Index,
  texts: string,
): string[] {
  const of = [...fields, 'id'];
  const columns = of.map(quote).join(', ');
  const definitions = of.map(
    (field) => `${quote(field)} ${field === texts ? 'TEXT' : typeOf(declared[field])} NOT NULL`,
  );
  const entriesOf = (row: string) =>
    `SELECT ${of.map((field) => (field === texts ? 'value' : `${row}.${quote(field)}`)).join(', ')}`;
  const insert = `INSERT INTO ${quote(name)} (${columns}) ${entriesOf('new')} FROM json_each(new.${quote(texts)})`;
  const remove = `DELETE FROM ${quote(name)} WHERE (${columns}) IN (${entriesOf('old')} FROM json_each(old.${quote(texts)}))`;
  const changing = fields.map(quote).join(', ');
  const isChanged = fields.map((field) => `old.${quote(field)} IS NOT new.${quote(field)}`).join(' OR ');
  const trigger = (at: (typeof TEXTS_TRIGGERS)[number], when: string, body: string) =>
    `CREATE TRIGGER ${quote(`${name}_${at}`)} AFTER ${when} BEGIN ${body}; END`;
  return [
    `CREATE TABLE ${quote(name)} (${definitions.join(', ')}, PRIMARY KEY (${columns})) STRICT, WITHOUT ROWID`,
    `INSERT INTO ${quote(name)} (${columns}) ${entriesOf('stored')} FROM ${quote(table)} AS stored, json_each(stored.${quote(texts)})`,
    trigger('insert', `INSERT ON ${quote(table)}`, insert),
    trigger('delete', `DELETE ON ${quote(table)}`, remove),
    trigger('update', `UPDATE OF ${changing} ON ${quote(table)} WHEN ${isChanged}`, `${remove}; ${insert}`),
  ];
}

const typeOf = (field: Field | undefined): string => SQL_TYPES[field?.type ?? 'text'];

export const addColumn = (table: string, name: string, field: Field): string =>
  `ALTER TABLE ${quote(table)} ADD COLUMN ${columnOf(name, field)}`;

const columnOf = (name: string, { type, optional }: Field): string =>
  `${quote(name)} ${SQL_TYPES[type]}${optional ? '' : ' NOT NULL'}`;
