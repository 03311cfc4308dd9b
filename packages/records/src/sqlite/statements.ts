import { type Collection, type Field, type FieldType, fieldsOf } from '../collection.ts';
import type { PageCursor, Query, Range, Where } from '../store.ts';

/** What node:sqlite binds and returns. */
export type SqlValue = string | number | Uint8Array | null;

/** One statement, run once for each row of parameters. */
export interface Statement {
  readonly sql: string;
  readonly rows: readonly (readonly SqlValue[])[];
}

const SQL_TYPES: Readonly<Record<FieldType, string>> = {
  text: 'TEXT',
  integer: 'INTEGER',
  boolean: 'INTEGER',
  bytes: 'BLOB',
  json: 'TEXT',
};

const quote = (name: string) => `"${name}"`;

/** The table and the indexes of a declaration. Without row ids, every index ends with the id by itself. */
export function createTable(collection: Collection): string[] {
  const columns = fieldsOf(collection).map(
    ([name, { type, optional }]) =>
      `${quote(name)} ${SQL_TYPES[type]}${optional ? '' : ' NOT NULL'}${name === 'id' ? ' PRIMARY KEY' : ''}`,
  );
  return [
    `CREATE TABLE ${quote(collection.name)} (${columns.join(', ')}) STRICT, WITHOUT ROWID`,
    ...collection.indexes.map(
      (fields) =>
        `CREATE INDEX ${quote([collection.name, ...fields].join('_'))} ON ${quote(collection.name)} (${fields.map(quote).join(', ')})`,
    ),
  ];
}

export function insert(collection: Collection, documents: readonly object[], replaces: boolean): Statement {
  const names = fieldsOf(collection).map(([name]) => name);
  const table = quote(collection.name);
  const guard = 'applied_seq' in collection.fields ? ` WHERE excluded.applied_seq > ${table}.applied_seq` : '';
  const changes = names.slice(1).map((name) => `${quote(name)} = excluded.${quote(name)}`);
  const conflict = replaces ? `UPDATE SET ${changes.join(', ')}${guard}` : 'NOTHING';
  return {
    sql: `INSERT INTO ${table} (${names.map(quote).join(', ')}) VALUES (${names.map(() => '?').join(', ')}) ON CONFLICT (id) DO ${conflict}`,
    rows: documents.map((document) => encode(collection, document)),
  };
}

export function update(collection: Collection, where: object, set: object): Statement {
  const condition = conditionOf(collection, where);
  const names = Object.keys(set);
  return {
    sql: `UPDATE ${quote(collection.name)} SET ${names.map((name) => `${quote(name)} = ?`).join(', ')}${condition.sql}`,
    rows: [[...encode(collection, set, names), ...condition.values]],
  };
}

export function select<C extends Collection>(collection: C, { where = {}, sort, after, limit }: Query<C>): Statement {
  const by = sort?.by ?? 'id';
  checkIndex(collection, Object.keys(where), by);
  const condition = conditionOf(collection, where, after && { by, descending: sort?.descending ?? false, after });
  const direction = sort?.descending ? 'DESC' : 'ASC';
  const order = (by === 'id' ? ['id'] : [by, 'id']).map((name) => `${quote(name)} ${direction}`).join(', ');
  return {
    sql: `SELECT * FROM ${quote(collection.name)}${condition.sql} ORDER BY ${order} LIMIT ?`,
    rows: [[...condition.values, limit]],
  };
}

export function count<C extends Collection>(collection: C, where: Where<C>): Statement {
  const { sql, values } = conditionOf(collection, where);
  return { sql: `SELECT count(*) AS "count" FROM ${quote(collection.name)}${sql}`, rows: [values] };
}

export function countBy(collection: Collection, field: string): Statement {
  const column = quote(field);
  return {
    sql: `SELECT ${column} AS "value", count(*) AS "count" FROM ${quote(collection.name)} GROUP BY ${column}`,
    rows: [[]],
  };
}

export function deleteSome<C extends Collection>(collection: C, where: Where<C>, limit: number): Statement {
  const { sql, values } = conditionOf(collection, where);
  const table = quote(collection.name);
  return {
    sql: `DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table}${sql} LIMIT ?)`,
    rows: [[...values, limit]],
  };
}

/** A list without its index would read the whole collection, and nobody would notice while it is small. */
function checkIndex(collection: Collection, fixed: readonly string[], by: string): void {
  if (by === 'id') return;
  const isDeclared = collection.indexes.some((index) => {
    const place = index.indexOf(by);
    return place >= 0 && index.slice(0, place).every((name) => fixed.includes(name));
  });
  if (!isDeclared) throw new Error(`${collection.name} has no index for ${by} after ${fixed.join(', ') || 'nothing'}`);
}

interface Page {
  readonly by: string;
  readonly descending: boolean;
  readonly after: PageCursor;
}

function conditionOf(collection: Collection, where: object, page?: Page): { sql: string; values: SqlValue[] } {
  const parts: string[] = [];
  const values: SqlValue[] = [];
  for (const [name, wanted] of Object.entries(where) as [string, unknown][]) {
    const column = quote(name);
    if (isRange(wanted)) {
      for (const [operator, bound] of Object.entries(wanted)) {
        parts.push(`${column} ${OPERATORS[operator as keyof Range]} ?`);
        values.push(bound as number | string);
      }
    } else if (isList(wanted)) {
      // One text whatever the length of the list, so that its statement is prepared once.
      parts.push(`${column} IN (SELECT value FROM json_each(?))`);
      values.push(JSON.stringify(wanted.in));
    } else {
      parts.push(`${column} IS ?`);
      values.push(...encode(collection, { [name]: wanted }, [name]));
    }
  }
  if (page) {
    const isById = page.by === 'id';
    parts.push(
      `${isById ? 'id' : `(${quote(page.by)}, id)`} ${page.descending ? '<' : '>'} ${isById ? '?' : '(?, ?)'}`,
    );
    values.push(...(isById ? [page.after.id] : [page.after.value, page.after.id]));
  }
  return { sql: parts.length === 0 ? '' : ` WHERE ${parts.join(' AND ')}`, values };
}

const OPERATORS = { gt: '>', gte: '>=', lt: '<', lte: '<=' } as const;

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !(value instanceof Uint8Array);
const isList = (value: unknown): value is { in: readonly (string | number)[] } => isObject(value) && 'in' in value;
const isRange = (value: unknown): value is Range => isObject(value) && !('in' in value);

function encode(
  collection: Collection,
  document: object,
  names: readonly string[] = fieldsOf(collection).map(([name]) => name),
): SqlValue[] {
  const values = document as Record<string, unknown>;
  return names.map((name) => encodeValue(collection.fields[name], values[name]));
}

function encodeValue(field: Field | undefined, value: unknown): SqlValue {
  if (value === null || value === undefined) return null;
  if (field?.type === 'json') return JSON.stringify(value);
  if (field?.type === 'boolean') return value ? 1 : 0;
  return value as SqlValue;
}

/** A row as node:sqlite gives it → a document. */
export function decode(collection: Collection, row: Readonly<Record<string, SqlValue>>): object {
  return Object.fromEntries(fieldsOf(collection).map(([name, field]) => [name, decodeValue(field, row[name] ?? null)]));
}

function decodeValue({ type }: Field, value: SqlValue): unknown {
  if (value === null) return null;
  if (type === 'json') return JSON.parse(value as string) as unknown;
  if (type === 'boolean') return value === 1;
  return value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : value;
}
