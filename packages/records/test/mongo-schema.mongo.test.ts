import type { Secret } from '@watchword/platform';
import { describeMongo } from '@watchword/testkit/vitest';
import type { mongo } from 'mongoose';
import { expect, test } from 'vitest';
import { verifications } from '../src/collections.ts';
import { migrateRecords } from '../src/migrations/migrate-records.ts';
import { CURRENT } from '../src/migrations/schema.ts';
import { VERSION_1 } from '../src/migrations/version-1.ts';
import { openMongoStore } from '../src/mongo/mongo-store.ts';
import { mongoDatabases } from './mongo-databases.ts';
import { verificationOf } from './records-contract.ts';

describeMongo('the schema of a MongoDB', (server) => {
  const { fresh, open } = mongoDatabases(server);
  const silent = () => undefined;
  const [old, current] = [{ ...CURRENT, version: 1, collections: VERSION_1, migrations: [] }, CURRENT];

  /** The names of all indexes. */
  async function indexesOf(db: mongo.Db): Promise<string[]> {
    const collections = await db.listCollections({}, { nameOnly: true }).toArray();
    const indexes = await Promise.all(
      collections.map(async ({ name }) =>
        (await db.collection(name).indexes()).map((index) => `${name}: ${index.name}`),
      ),
    );
    return indexes.flat().toSorted();
  }

  /** As the first version would have left it. */
  async function leaveVersion1(url: Secret, db: mongo.Db): Promise<void> {
    await (await openMongoStore({ url, schema: old })).close();
    const {
      seal_key: _,
      user_index: __,
      second_index: ___,
      last_send: ____,
      channels: _____,
      providers: ______,
      ...first
    } = verificationOf('v1', { destination: Buffer.of(7, 255) });
    const { id, ...stored } = first;
    await db.collection<{ _id: string }>('verifications').insertOne({ _id: id, ...stored });
  }

  test('an older one is refused in one line that says what to run, and is then migrated with all that is in it', async () => {
    const { url, db } = await fresh('older');
    await leaveVersion1(url, db);
    await expect(openMongoStore({ url })).rejects.toThrow('npx watchword migrate');
    expect(await migrateRecords({ url }, silent)).toEqual({ from: 1, to: current.version });
    const store = await open({ url });
    expect(await store.find(verifications, { limit: 9 })).toEqual([
      verificationOf('v1', { destination: Buffer.of(7, 255), seal_key: 7 }),
    ]);
    const migrated = await indexesOf(db);
    const { url: newUrl, db: newDb } = await fresh('new');
    await open({ url: newUrl });
    expect(migrated).toEqual(await indexesOf(newDb));
  });

  test('a migration that was cut off is ended by another one, and two at once do it once', async () => {
    const { url, db } = await fresh('older');
    await leaveVersion1(url, db);
    const cut = () => {
      throw new Error('cut off');
    };
    await expect(migrateRecords({ url }, (line) => line === 'Making audit' && cut())).rejects.toThrow();
    await expect(openMongoStore({ url })).rejects.toThrow('npx watchword migrate');
    const both = await Promise.all([migrateRecords({ url }, silent), migrateRecords({ url }, silent)]);
    expect(both.map(({ from }) => from).toSorted((one, other) => one - other)).toEqual([1, current.version]);
    const store = await open({ url });
    expect(await store.find(verifications, { limit: 9 })).toMatchObject([{ seal_key: 7 }]);
  });

  test('of several who open an empty database at once, all find it made', async () => {
    const { url } = await fresh('new');
    const many = await Promise.all(Array.from({ length: 4 }, () => open({ url, answerWithinMs: 10_000 })));
    for (const store of many) expect(await store.insert(verifications, verificationOf('a'))).not.toBe('missing');
  });

  test('a newer one, and one of something else, are refused and stay as they are', async () => {
    const { url, db } = await fresh('other');
    await db.collection('letters').insertOne({ to: 'a friend' });
    await expect(openMongoStore({ url })).rejects.toThrow('is a database of something else');
    await expect(migrateRecords({ url }, silent)).rejects.toThrow('is a database of something else');
    expect((await db.listCollections().toArray()).map(({ name }) => name)).not.toContain('verifications');
    await db
      .collection<{ _id: string }>('schema')
      .updateOne({ _id: 'records' }, { $set: { version: 99 } }, { upsert: true });
    await expect(openMongoStore({ url })).rejects.toThrow('made by a newer Watchword');
    await expect(migrateRecords({ url }, silent)).rejects.toThrow('made by a newer Watchword');
  });
});
