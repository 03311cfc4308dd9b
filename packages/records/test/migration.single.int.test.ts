import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StartupError } from '@watchword/platform';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { providers, templates } from '../src/collections/configuration.ts';
import { attempts, COLLECTIONS, deliveries, SCHEMA_VERSION, shardCursors, verifications } from '../src/collections.ts';
import { migrateRecords } from '../src/migrations/migrate-records.ts';
import { CURRENT, type Schema } from '../src/migrations/schema.ts';
import { indexesOf } from '../src/queries.ts';
import { openRecords } from '../src/records.ts';
import { createSearch } from '../src/search.ts';
import { migrateSqlite } from '../src/sqlite/migrate-sqlite.ts';
import { openSqliteStore } from '../src/sqlite/sqlite-store.ts';
import { RecordsUnavailable, type Store } from '../src/store.ts';

const directory = mkdtempSync(join(tmpdir(), 'watchword-migration-'));
afterAll(() => rmSync(directory, { recursive: true }));

const silent = () => undefined;
let file = '';
let files = 0;

/** A file as an older version left it. */
function leaveVersion(version: 1 | 2 | 3): void {
  const database = new DatabaseSync(file);
  database.exec(readFileSync(new URL(`./version-${version}.sql`, import.meta.url), 'utf8'));
  database.close();
}
const leaveVersion1 = () => leaveVersion(1);

function inFile<T>(look: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(file);
  try {
    return look(database);
  } finally {
    database.close();
  }
}

/** Tables and indexes by name, with what made them; the order of columns says nothing. */
const schemaOf = (database: DatabaseSync) =>
  database
    .prepare("SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name")
    .all()
    .map(({ name, sql }) => [
      name,
      String(sql)
        .match(/"[^"]+"[^,()]*/g)
        ?.map((part) => part.trim())
        .toSorted(),
    ]);

async function opened<T>(work: (store: Store) => Promise<T>): Promise<T> {
  const store = await openSqliteStore({ file });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

beforeEach(() => {
  files += 1;
  file = join(directory, `records-${files}.db`);
});

test('a file of version 1 is refused in one line that says what to run, and stays as it is', async () => {
  leaveVersion1();
  const refusal = openRecords({ file });
  await expect(refusal).rejects.toThrow(StartupError);
  await expect(refusal).rejects.toThrow('npx watchword migrate');
  expect(inFile((database) => database.prepare('PRAGMA user_version').get())).toEqual({ user_version: 1 });
});

test('a file of version 1 is migrated, and all that is in it is there', async () => {
  leaveVersion1();
  const lines: string[] = [];
  expect(await migrateRecords({ file }, (line) => lines.push(line))).toEqual({ from: 1, to: SCHEMA_VERSION });
  expect(lines).toContain('Making plans');
  await opened(async (store) => {
    expect(await store.find(verifications, { limit: 9 })).toMatchObject([
      {
        id: 'v1',
        status: 'approved',
        destination: Buffer.of(7, 255, 0),
        seal_key: 7,
        user_index: null,
        applied_seq: 4,
      },
      { id: 'v2', undeliverable: true, destination: Buffer.alloc(0), seal_key: null, context: Buffer.of(1) },
    ]);
    expect(await store.find(deliveries, { limit: 9 })).toMatchObject([{ id: 'del_v1-1', status: 'delivered' }]);
    expect(await store.find(attempts, { limit: 9 })).toMatchObject([{ provider: 'sandbox', cost_micros: null }]);
    expect(await store.find(shardCursors, { limit: 9 })).toMatchObject([{ id: '00', position: '5-0', epoch: 3 }]);
    expect(await store.explain(verifications, { where: { seal_key: 7 }, limit: 1 })).toBe('verifications_seal_key');
  });
});

test('a file of version 2 is migrated: what has one address and one delivery for each send stays so', async () => {
  leaveVersion(2);
  expect(await migrateRecords({ file }, silent)).toEqual({ from: 2, to: SCHEMA_VERSION });
  await opened(async (store) => {
    expect(await store.find(verifications, { limit: 9 })).toMatchObject([
      { id: 'v1', destination_index: Buffer.of(10), second_index: null, third_index: null, last_send: null },
    ]);
    expect(await store.find(deliveries, { limit: 9 })).toMatchObject([
      { id: 'del_v1-1', channel: 'sms', send: null, reason: null, status: 'delivered' },
    ]);
    expect(await store.find(templates, { limit: 9 })).toMatchObject([{ text: '{{code}}', subject: null, html: null }]);
    expect(await store.find(providers, { limit: 9 })).toMatchObject([{ name: 'Carrier', sends_per_second: null }]);
    const where = { project: 'p-1', second_index: Buffer.of(1) };
    const sort = { by: 'opened_at' } as const;
    expect(await store.explain(verifications, { where, sort, limit: 1 })).toBe(
      'verifications_project_second_index_opened_at',
    );
  });
});

test('a file of version 3 is migrated: each verification is found by the channel and the provider that it names', async () => {
  leaveVersion(3);
  expect(await migrateRecords({ file }, silent)).toEqual({ from: 3, to: SCHEMA_VERSION });
  await opened(async (store) => {
    expect(await store.find(verifications, { limit: 9 })).toMatchObject([
      {
        id: 'v1',
        channel: 'email',
        channels: ['email'],
        providers: ['smtp'],
        second_index: Buffer.of(11),
        last_send: 1,
      },
      { id: 'v2', channel: null, channels: [], providers: [] },
    ]);
    const { searchVerifications } = createSearch(store);
    for (const search of [{ channel: 'email' }, { provider: 'smtp' }] as const) {
      const { items } = await searchVerifications({ project: 'p-1', ...search }, null, 9);
      expect(items.map(({ id }) => id)).toEqual(['v1']);
    }
  });
});

test.each([1, 2, 3] as const)('a file of version %i that was migrated has what a new one has', async (version) => {
  leaveVersion(version);
  await migrateRecords({ file }, silent);
  const migrated = inFile(schemaOf);
  file += '-new';
  await opened((store) => store.count(verifications, {}));
  expect(migrated).toEqual(inFile(schemaOf));
});

test('migrating again, or what is new, changes nothing', async () => {
  expect(await migrateRecords({ file }, silent)).toEqual({ from: 0, to: SCHEMA_VERSION });
  expect(await migrateRecords({ file }, silent)).toEqual({ from: SCHEMA_VERSION, to: SCHEMA_VERSION });
  expect(await opened((store) => store.count(verifications, {}))).toBe(0);
});

test('a migration that is cut off leaves the file as it was, and another one ends it', async () => {
  leaveVersion1();
  const before = inFile(schemaOf);
  const [first = () => [], ...others] = CURRENT.migrations;
  const cut: Schema = {
    ...CURRENT,
    migrations: [
      () => [
        ...first(),
        {
          kind: 'change documents',
          collection: verifications,
          what: 'Falling over',
          change: () => {
            throw new Error('cut off');
          },
        },
      ],
      ...others,
    ],
  };
  expect(() => migrateSqlite(file, cut, silent)).toThrow('cut off');
  expect(inFile(schemaOf)).toEqual(before);
  expect(await migrateRecords({ file }, silent)).toEqual({ from: 1, to: SCHEMA_VERSION });
});

test('an index of texts that is dropped leaves nothing behind, and documents are written without it', async () => {
  const index = indexesOf(verifications).find(({ fields }) => fields.includes('channels'));
  if (!index) throw new Error('there is none');
  const version = SCHEMA_VERSION + 1;
  const drop = () => [{ kind: 'drop index' as const, collection: verifications, index }];
  const next: Schema = { ...CURRENT, version, migrations: [...CURRENT.migrations, drop] };
  leaveVersion(3);
  expect(migrateSqlite(file, next, silent)).toEqual({ from: 3, to: version });
  const left = inFile((database) =>
    database.prepare('SELECT name FROM sqlite_master WHERE sql LIKE ?').all(`%${index.name}%`),
  );
  expect(left).toEqual([]);
  const store = await openSqliteStore({ file, schema: next });
  expect(await store.change(verifications, { id: 'v1' }, { channels: ['sms'] })).toBe(1);
  await store.close();
});

test('while another process writes, nobody migrates', () => {
  leaveVersion1();
  const other = new DatabaseSync(file);
  other.exec('BEGIN IMMEDIATE');
  expect(() => migrateSqlite(file, CURRENT, silent, 50)).toThrow(RecordsUnavailable);
  other.close();
});

test('a file that a newer version made is refused', async () => {
  await migrateRecords({ file }, silent);
  inFile((database) => database.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`));
  await expect(migrateRecords({ file }, silent)).rejects.toThrow('made by a newer Watchword');
});

test('every version has a migration that leads to it', () => {
  expect(CURRENT.migrations).toHaveLength(CURRENT.version - 1);
  expect(CURRENT.collections).toBe(COLLECTIONS);
});
