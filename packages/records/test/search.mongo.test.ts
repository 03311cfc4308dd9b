import { randomUUID } from 'node:crypto';
import { Secret } from '@watchword/platform';
import { describeMongo } from '@watchword/testkit/vitest';
import mongoose from 'mongoose';
import { afterEach } from 'vitest';
import { openMongoStore } from '../src/mongo/mongo-store.ts';
import type { Store } from '../src/store.ts';
import { testSearch } from './search-contract.ts';

describeMongo('the records in MongoDB', (mongoUrl) => {
  const opened: { store: Store; url: string }[] = [];
  afterEach(async () => {
    for (const { store, url } of opened.splice(0)) {
      await store.close();
      const connection = await mongoose.createConnection(url).asPromise();
      await connection.dropDatabase();
      await connection.close();
    }
  });

  testSearch(async () => {
    const named = new URL(mongoUrl);
    named.pathname = `/search-${randomUUID()}`;
    const url = named.href;
    const store = await openMongoStore({ url: new Secret(url), answerWithinMs: 10_000 });
    opened.push({ store, url });
    return store;
  });
});
