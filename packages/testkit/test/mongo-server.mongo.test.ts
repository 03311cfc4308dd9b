import { globSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findLeaks, readWholeMongo } from '../src/leak-search.ts';
import { type OutageServer, startOutageMongo } from '../src/mongo/index.ts';
import { processesBelow } from '../src/mongo/process-tree.ts';
import { describeMongo } from '../src/vitest/describe-mongo.ts';

const TIMEOUT_MS = 400;

/** Where servers of this machine's own programs have their data; the test's own comes and goes. */
const directoriesOfServers = () =>
  globSync(join(realpathSync(tmpdir()), 'watchword-mongo-*')).toSorted((a, b) => a.localeCompare(b));

describeMongo('a server of a test', () => {
  let server: OutageServer;
  beforeAll(async () => {
    const started = await startOutageMongo(() => {});
    if (started.kind === 'none') throw new Error(started.reason);
    server = started.server;
  });
  afterAll(() => server.stop());

  async function withClient<T>(work: (client: MongoClient) => Promise<T>): Promise<T> {
    const client = new MongoClient(server.url, { serverSelectionTimeoutMS: TIMEOUT_MS, socketTimeoutMS: TIMEOUT_MS });
    try {
      return await work(client);
    } finally {
      await client.close();
    }
  }
  const insert = (n: number) => withClient((client) => client.db('outage').collection('kept').insertOne({ n }));
  const readAll = () =>
    withClient(async (client) => {
      const found = await client.db('outage').collection('kept').find().sort({ n: 1 }).toArray();
      return found.map(({ n }) => n as number);
    });

  test('answers nobody while it is paused, and goes on where it was', async () => {
    await insert(1);
    await server.pause();
    await expect(readAll()).rejects.toThrow(/timed out|timeout/i);
    await server.resume();
    expect(await readAll()).toEqual([1]);
  });

  test('keeps what it answered when it is killed, while it is paused too, and comes back under its URL', async () => {
    await insert(2);
    await server.kill();
    await expect(readAll()).rejects.toThrow(/ECONNREFUSED/);
    await server.restart();
    await insert(3);
    await server.pause();
    await server.kill();
    await server.restart();
    expect(await readAll()).toEqual([1, 2, 3]);
  });

  test('builds an index on what is there', async () => {
    const names = await withClient(async (client) => {
      const kept = client.db('outage').collection('kept');
      await kept.createIndex({ n: 1 }, { name: 'by_n', unique: true });
      return (await kept.indexes()).map(({ name }) => name);
    });
    expect(names).toEqual(['_id_', 'by_n']);
    await expect(insert(1)).rejects.toMatchObject({ code: 11_000 });
  });

  test('leaves no process and no file, even when it is stopped while it is paused', async () => {
    const before = directoriesOfServers();
    const started = await startOutageMongo(() => {});
    if (started.kind === 'none') throw new Error(started.reason);
    const directory = directoriesOfServers().find((path) => !before.includes(path)) ?? '';
    expect(processesBelow(directory).length).toBeGreaterThan(0);
    await started.server.pause();
    await started.server.stop();
    await started.server.stop();
    expect(processesBelow(directory)).toEqual([]);
    expect(directoriesOfServers()).toEqual(before);
  });

  test('is read whole by the leak search', async () => {
    const hidden = Buffer.from('canary K7Q9ZX4M2P');
    await withClient((client) =>
      client
        .db('leaks')
        .collection('kept')
        .insertOne({ nested: [{ hidden }] }),
    );
    const places = await readWholeMongo(new URL('leaks', server.url).href);
    expect(findLeaks(['K7Q9ZX4M2P'], places)).toEqual([{ where: 'collection kept', form: 'raw' }]);
    expect(findLeaks(['K7Q9ZX4M2Q'], places)).toEqual([]);
  });
});
