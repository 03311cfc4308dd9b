import { talliedDocument } from '../check-document.ts';
import { type Collection, type Field, fieldsOf } from '../collection.ts';
import { type Index, isList, isRange, listIndexOf, sortFieldOf, textsOf } from '../queries.ts';
import type { PageCursor, Query, Range, SortedList, Tally, Where } from '../store.ts';
import { quote } from './tables.ts';

/** What node:sqlite binds and returns. */
export type SqlValue = string | number | Uint8Array | null;

/** One statement, run once for each row of parameters. */
export interface Statement {
  readonly sql: string;
  readonly rows: readonly (readonly SqlValue[])[];
}

/** Inserts; `replace`: in the place of an older one; `keep`: one of that id stays; `keep any`: so does one that is in its way. */
export function insert(
  collection: Collection,
  documents: readonly object[],
  conflict: 'replace' | 'keep' | 'keep any',
): Statement {
  const table = quote(collection.name);
  const guard = 'applied_seq' in collection.fields ? ` WHERE excluded.applied_seq > ${table}.applied_seq` : '';
  const changing = Object.keys(collection.fields).filter((name) => !collection.kept.includes(name));
  const changes = changing.map((name) => `${quote(name)} = excluded.${quote(name)}`);
  const clauses = {
    replace: `ON CONFLICT (id) DO UPDATE SET ${changes.join(', ')}${guard}`,
    keep: 'ON CONFLICT (id) DO NOTHING',
    'keep any': 'ON CONFLICT DO NOTHING',
  };
  return {
    sql: `${insertInto(collection)} ${clauses[conflict]}`,
    rows: documents.map((document) => encode(collection, document)),
  };
}

function insertInto(collection: Collection): string {
  const names = fieldsOf(collection).map(([name]) => name);
  return `INSERT INTO ${quote(collection.name)} (${names.map(quote).join(', ')}) VALUES (${names.map(() => '?').join(', ')})`;
}

/** What was counted and what is added, in one object: a fixed text, however many counters there are. */
const summed = (counters: string, added: string) =>
  `(SELECT json_group_object(key, total) FROM (SELECT key, sum(value) AS total FROM
    (SELECT key, value FROM json_each(${counters}) UNION ALL SELECT key, value FROM json_each(${added})) GROUP BY key))`;

/** Changes one row, or none when the document has come to another position than expected. */
export function tally(collection: Collection, document: Tally): Statement {
  const { id, shard, expected, position, increments } = document;
  const table = quote(collection.name);
  if (expected === null) {
    return {
      sql: `${insertInto(collection)} ON CONFLICT (id) DO UPDATE
        SET positions = json_patch(${table}.positions, excluded.positions),
          counters = ${summed(`${table}.counters`, 'excluded.counters')}
        WHERE NOT EXISTS (SELECT 1 FROM json_each(${table}.positions) WHERE key = ?)`,
      rows: [[...encode(collection, talliedDocument(document)), shard]],
    };
  }
  return {
    sql: `UPDATE ${table} SET positions = json_patch(positions, ?), counters = ${summed('counters', '?')}
      WHERE id = ? AND (SELECT value FROM json_each(positions) WHERE key = ?) = ?`,
    rows: [[JSON.stringify({ [shard]: position }), JSON.stringify(increments), id, shard, expected]],
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

/** All fields of the document of that id, if it still matches. */
export function replaceIf(collection: Collection, where: object, document: { readonly id: string }): Statement {
  const values = document as Readonly<Record<string, unknown>>;
  const set = Object.fromEntries(Object.keys(collection.fields).map((name) => [name, values[name] ?? null]));
  return update(collection, { ...where, id: document.id }, set);
}

export function select<C extends Collection>(collection: C, query: Query<C>): Statement {
  const { sql, values } = listOf(collection, query, 'documents');
  return { sql: `SELECT ${quote(collection.name)}.* FROM ${sql} LIMIT ?`, rows: [[...values, query.limit]] };
}

/** Names no column that the index lacks, so that the documents themselves are not read. */
export function valueAt<C extends Collection>(collection: C, list: SortedList<C>, place: number): Statement {
  const { sql, values, columnOf } = listOf(collection, list, 'index');
  return {
    sql: `SELECT ${columnOf(list.sort.by)} AS "value" FROM ${sql} LIMIT 1 OFFSET ?`,
    rows: [[...values, place - 1]],
  };
}

function listOf<C extends Collection>(
  collection: C,
  query: Omit<Query<C>, 'limit'>,
  wanted: 'documents' | 'index',
): Pick<Source, 'columnOf'> & { readonly sql: string; readonly values: SqlValue[] } {
  const { where = {}, sort, after, filter } = query;
  const by = sortFieldOf(collection, query);
  const page = after && { by, descending: sort?.descending ?? false, after };
  const source = sourceOf(collection, listIndexOf(collection, query), wanted);
  const { tables, columnOf } = source;
  const condition = conditionOf(collection, { ...filter, ...where }, source, page);
  const direction = sort?.descending ? 'DESC' : 'ASC';
  const order = (by === 'id' ? ['id'] : [by, 'id']).map((name) => `${columnOf(name)} ${direction}`).join(', ');
  return { sql: `${tables}${condition.sql} ORDER BY ${order}`, values: condition.values, columnOf };
}

/** What a statement reads from. */
interface Source {
  readonly tables: string;
  columnOf(field: string): string;
  /** Whether the column has one of the field's texts, and not all of them. */
  hasOne(field: string): boolean;
}

const sourceOfAll = (collection: Collection): Source => ({
  tables: quote(collection.name),
  columnOf: quote,
  hasOne: () => false,
});

/** A list stands in its index; by one of several texts, in the table that has a row for each. */
function sourceOf(collection: Collection, index: Index | undefined, wanted: 'documents' | 'index'): Source {
  const all = sourceOfAll(collection);
  if (index === undefined) return all;
  const [table, name] = [all.tables, quote(index.name)];
  // Without statistics, SQLite would rather look at all of a range of times than in the index that also fixes a field.
  if (textsOf(collection, index) === undefined) return { ...all, tables: `${table} INDEXED BY ${name}` };
  const entries = new Set([...index.fields, 'id']);
  return {
    // CROSS: in this order.
    tables: wanted === 'index' ? name : `${name} CROSS JOIN ${table} ON ${table}."id" = ${name}."id"`,
    columnOf: (field) => `${entries.has(field) ? name : table}.${quote(field)}`,
    hasOne: (field) => entries.has(field),
  };
}

export function count<C extends Collection>(collection: C, where: Where<C>): Statement {
  const { sql, values } = conditionOf(collection, where);
  return { sql: `SELECT count(*) AS "count" FROM ${quote(collection.name)}${sql}`, rows: [values] };
}

export function countBy(collection: Collection, field: string, where: object = {}): Statement {
  const column = quote(field);
  const { sql, values } = conditionOf(collection, where);
  return {
    sql: `SELECT ${column} AS "value", count(*) AS "count" FROM ${quote(collection.name)}${sql} GROUP BY ${column}`,
    rows: [values],
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

export const explained = ({ sql, rows }: Statement): Statement => ({ sql: `EXPLAIN QUERY PLAN ${sql}`, rows });

/** From the rows of a plan; what SQLite calls a scan without an index reads the whole table. */
export function indexOfPlan({ name }: Collection, rows: readonly Readonly<Record<string, SqlValue>>[]): string | null {
  const details = rows.map(({ detail }) => String(detail));
  const named = details.map((detail) => / USING (?:COVERING )?INDEX (\S+)/.exec(detail)?.[1]).find(Boolean);
  // Of several texts, the table that stands for their index is the first to be looked in.
  const [table] = details.flatMap((detail) => /^SEARCH (\S+) USING PRIMARY KEY/.exec(detail)?.[1] ?? []);
  return named ?? (table === name ? 'id' : (table ?? null));
}

interface Page {
  readonly by: string;
  readonly descending: boolean;
  readonly after: PageCursor;
}

function conditionOf(
  collection: Collection,
  where: object,
  { columnOf, hasOne }: Pick<Source, 'columnOf' | 'hasOne'> = sourceOfAll(collection),
  page?: Page,
): { sql: string; values: SqlValue[] } {
  const parts: string[] = [];
  const values: SqlValue[] = [];
  for (const [name, wanted] of Object.entries(where) as [string, unknown][]) {
    const column = columnOf(name);
    if (isRange(wanted)) {
      for (const [operator, bound] of Object.entries(wanted)) {
        parts.push(`${column} ${OPERATORS[operator as keyof Range]} ?`);
        values.push(bound as number | string);
      }
    } else if (isList(wanted)) {
      // One text whatever the length of the list, so that its statement is prepared once.
      parts.push(`${column} IN (SELECT value FROM json_each(?))`);
      values.push(JSON.stringify(wanted.in));
    } else if (collection.fields[name]?.type === 'texts') {
      parts.push(hasOne(name) ? `${column} IS ?` : `EXISTS (SELECT 1 FROM json_each(${column}) WHERE value = ?)`);
      values.push(wanted as string);
    } else {
      parts.push(`${column} IS ?`);
      values.push(...encode(collection, { [name]: wanted }, [name]));
    }
  }
  if (page) {
    const isById = page.by === 'id';
    const place = isById ? columnOf('id') : `(${columnOf(page.by)}, ${columnOf('id')})`;
    parts.push(`${place} ${page.descending ? '<' : '>'} ${isById ? '?' : '(?, ?)'}`);
    values.push(...(isById ? [page.after.id] : [page.after.value, page.after.id]));
  }
  return { sql: parts.length === 0 ? '' : ` WHERE ${parts.join(' AND ')}`, values };
}

const OPERATORS = { gt: '>', gte: '>=', lt: '<', lte: '<=' } as const;

function encode(
  collection: Collection,
  document: object,
  names: readonly string[] = fieldsOf(collection).map(([name]) => name),
): SqlValue[] {
  const values = document as Record<string, unknown>;
  return names.map((name) => encodeValue(collection.fields[name], values[name]));
}

function encodeValue(field: Field | undefined, value: unknown): SqlValue {
  if (value === undefined || (value === null && (field?.optional || field?.type !== 'json'))) return null;
  if (field?.type === 'json' || field?.type === 'texts') return JSON.stringify(value);
  if (field?.type === 'boolean') return value ? 1 : 0;
  return value as SqlValue;
}

/** A row as node:sqlite gives it → a document. */
export function decode(collection: Collection, row: Readonly<Record<string, SqlValue>>): object {
  return Object.fromEntries(fieldsOf(collection).map(([name, field]) => [name, decodeValue(field, row[name] ?? null)]));
}

function decodeValue({ type }: Field, value: SqlValue): unknown {
  if (value === null) return null;
  if (type === 'json' || type === 'texts') return JSON.parse(value as string) as unknown;
  if (type === 'boolean') return value === 1;
  return value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : value;
}
