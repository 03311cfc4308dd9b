import { type Collection, type Field, type FieldType, fieldsOf } from '../collection.ts';
import { type Index, indexesOf } from '../queries.ts';

const SQL_TYPES: Readonly<Record<FieldType, string>> = {
  text: 'TEXT',
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
    ...indexesOf(collection).map((index) => createIndex(collection.name, index)),
  ];
}

/** SQLite lets any number of rows have null in a unique index. */
export function createIndex(table: string, { name, fields, unique }: Index): string {
  const columns = fields.map(quote).join(', ');
  return `CREATE ${unique ? 'UNIQUE ' : ''}INDEX ${quote(name)} ON ${quote(table)} (${columns})`;
}

export const dropIndex = (name: string): string => `DROP INDEX IF EXISTS ${quote(name)}`;

export const addColumn = (table: string, name: string, field: Field): string =>
  `ALTER TABLE ${quote(table)} ADD COLUMN ${columnOf(name, field)}`;

const columnOf = (name: string, { type, optional }: Field): string =>
  `${quote(name)} ${SQL_TYPES[type]}${optional ? '' : ' NOT NULL'}`;
