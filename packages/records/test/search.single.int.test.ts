import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach } from 'vitest';
import { openSqliteStore } from '../src/sqlite/sqlite-store.ts';
import type { Store } from '../src/store.ts';
import { testSearch } from './search-contract.ts';

const directory = mkdtempSync(join(tmpdir(), 'watchword-search-'));
const stores: Store[] = [];
let files = 0;

afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

testSearch(async () => {
  files += 1;
  const store = await openSqliteStore({ file: join(directory, `search-${files}.db`) });
  stores.push(store);
  return store;
});
