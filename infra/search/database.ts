import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Disposer, Secret } from '@watchword/platform';
import type { RecordsTarget } from '@watchword/records';
import { MongoClient } from 'mongodb';

/** An empty place for records, which goes with all that is in it when the disposer does. */
export function makeDatabase(mongodbUrl: string | undefined, disposer: Disposer): RecordsTarget {
  if (mongodbUrl === undefined) {
    const directory = mkdtempSync(join(tmpdir(), 'watchword-measure-'));
    disposer.add(() => rmSync(directory, { recursive: true, force: true }));
    return { file: join(directory, 'records.db') };
  }
  const url = new URL(mongodbUrl);
  url.pathname = `/watchword-measure-${randomUUID()}`;
  disposer.add(async () => {
    const client = await MongoClient.connect(url.href);
    await client.db().dropDatabase();
    await client.close();
  });
  return { url: new Secret(url.href) };
}
