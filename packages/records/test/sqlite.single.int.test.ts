import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { events, SCHEMA_VERSION, verifications } from '../src/collections.ts';
import { openSqliteStore } from '../src/sqlite/sqlite-store.ts';
import { countBy } from '../src/sqlite/statements.ts';
import { add, put, RecordsUnavailable, requireChange, type Store } from '../src/store.ts';
import { testRecords, verificationOf } from './records-contract.ts';
import { GUESTS, testStore } from './store-contract.ts';

const directory = mkdtempSync(join(tmpdir(), 'watchword-records-'));
let file = '';
let files = 0;
const stores: Store[] = [];

beforeEach(() => {
  files += 1;
  file = join(directory, 'made', `records-${files}.db`);
});
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  rmSync(join(directory, 'made'), { recursive: true, force: true });
});

async function open(): Promise<Store> {
  const store = await openSqliteStore({ file });
  stores.push(store);
  return store;
}

async function openGuests(): Promise<Store> {
  const store = await openSqliteStore({ file: `${file}-guests`, schema: GUESTS });
  stores.push(store);
  return store;
}

describe('the contract', () => {
  testRecords(open);
  testStore({ open, openGuests });
});

/** Another process' hold on the file: on writing to it, or on all of it. */
function lockFile(kind: 'writing' | 'all'): () => void {
  const other = new DatabaseSync(file, { timeout: 1_000 });
  if (kind === 'all') other.exec('PRAGMA locking_mode = EXCLUSIVE');
  other.exec('BEGIN IMMEDIATE');
  return () => {
    other.exec('ROLLBACK');
    other.close();
  };
}

const msOf = async (work: () => Promise<unknown>) => {
  const since = performance.now();
  await work();
  return performance.now() - since;
};

test('a file that another process writes to is unavailable within a second, for all who ask at once, and serves afterwards', async () => {
  const store = await open();
  const release = lockFile('writing');
  let ticks = 0;
  const ticker = setInterval(() => {
    ticks += 1;
  }, 10);
  const ms = await msOf(async () => {
    const asked = Array.from({ length: 20 }, () => store.write([put(verifications, [verificationOf('a')])]));
    for (const result of await Promise.allSettled(asked)) {
      expect(result).toMatchObject({ status: 'rejected', reason: expect.any(RecordsUnavailable) });
    }
  });
  clearInterval(ticker);
  release();
  expect(ms).toBeLessThan(1_500);
  expect(ticks).toBeGreaterThan(20);
  expect(await store.write([put(verifications, [verificationOf('b')])])).toBe(true);
  // What nobody waited for any more was not done either.
  expect((await store.find(verifications, { limit: 9 })).map(({ id }) => id)).not.toContain('a');
});

test('a file that is locked at the start does not keep anybody from starting', async () => {
  await (await open()).close();
  const release = lockFile('all');
  const store = await open();
  await expect(store.find(events, { limit: 1 })).rejects.toThrow(RecordsUnavailable);
  release();
  expect(await store.find(events, { limit: 1 })).toEqual([]);
});

test('a write that ends early is undone', async () => {
  const store = await open();
  const lost = requireChange(verifications, { id: 'none' }, { status: 'expired' });
  expect(await store.write([put(verifications, [verificationOf('a')]), lost])).toBe(false);
  expect(await store.count(verifications, {})).toBe(0);
});

test('several have the file open, and see what the others wrote', async () => {
  const [first, second] = await Promise.all([open(), open()]);
  const one = (id: string) => put(verifications, [verificationOf(id)]);
  await Promise.all(Array.from({ length: 40 }, (_, index) => (index % 2 ? first : second).write([one(`v${index}`)])));
  expect(await first.count(verifications, {})).toBe(40);
  expect(await second.count(verifications, {})).toBe(40);
});

test.each([
  ['newer', (db: DatabaseSync) => db.exec('PRAGMA user_version = 99'), 'made by a newer Watchword'],
  ['of something else', (db: DatabaseSync) => db.exec('PRAGMA user_version = 0'), 'is a database of something else'],
  [
    'older',
    (db: DatabaseSync) => db.exec('PRAGMA user_version = -1'),
    `needs ${SCHEMA_VERSION}: run \`npx watchword migrate\``,
  ],
])('a file whose schema is %s is refused in one line', async (_, change, message) => {
  await (await open()).close();
  const other = new DatabaseSync(file);
  change(other);
  other.close();
  await expect(open()).rejects.toThrow(message);
});

test('a file that is no database is refused, and stays as it is', async () => {
  await (await open()).close();
  writeFileSync(file, 'a letter to a friend, longer than a header of a database would be: '.repeat(50));
  const before = readFileSync(file);
  await expect(open()).rejects.toThrow('cannot be used');
  expect(readFileSync(file).equals(before)).toBe(true);
});

test('a file that was removed is not made anew, and serves again once it is back', async () => {
  const store = await open();
  await store.write([put(verifications, [verificationOf('a')])]);
  await (await open()).close();
  renameSync(file, `${file}.away`);
  await expect(store.write([put(verifications, [verificationOf('b')])])).rejects.toThrow(/is gone: put it back/);
  await expect(store.count(verifications, {})).rejects.toThrow(RecordsUnavailable);
  expect(existsSync(file)).toBe(false);
  renameSync(`${file}.away`, file);
  await store.write([put(verifications, [verificationOf('b')])]);
  expect(await store.count(verifications, {})).toBe(2);
  await store.close();
});

test('counting reads an index, and nobody waits for it', async () => {
  const store = await open();
  const other = new DatabaseSync(file);
  for (const field of ['status', 'purpose']) {
    const [step] = other.prepare(`EXPLAIN QUERY PLAN ${countBy(verifications, field).sql}`).all();
    expect(step?.detail).toBe(`SCAN verifications USING COVERING INDEX verifications_${field}`);
  }
  // As many verifications as take a while to count.
  other.exec(`DROP TABLE verifications; CREATE VIEW verifications AS
    WITH RECURSIVE v(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM v LIMIT 4000000) SELECT id, 'login' AS purpose FROM v`);
  other.close();
  let isCounted = false;
  const counted = store.countBy(verifications, 'purpose').then((counts) => {
    isCounted = true;
    return counts;
  });
  expect(await store.find(events, { limit: 1 })).toEqual([]);
  expect(isCounted).toBe(false);
  expect(await counted).toEqual(new Map([['login', 4_000_000]]));
});

test('what was put survives closing and opening', async () => {
  const first = await open();
  await first.write([add(verifications, [verificationOf('a')])]);
  await first.close();
  await expect(first.count(verifications, {})).rejects.toThrow(RecordsUnavailable);
  expect(await (await open()).count(verifications, {})).toBe(1);
});
