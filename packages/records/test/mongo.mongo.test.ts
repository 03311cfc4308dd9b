import { inspect } from 'node:util';
import { Secret, StartupError } from '@watchword/platform';
import { describeMongo } from '@watchword/testkit/vitest';
import { describe, expect, test } from 'vitest';
import { policies } from '../src/collections/configuration.ts';
import { verifications } from '../src/collections.ts';
import { openMongoStore } from '../src/mongo/mongo-store.ts';
import { put, RecordsConflict, RecordsRejected } from '../src/store.ts';
import { mongoDatabases } from './mongo-databases.ts';
import { testRecords, verificationOf } from './records-contract.ts';
import { GUESTS, testStore } from './store-contract.ts';

describeMongo('on MongoDB', (server) => {
  const { emptied, open } = mongoDatabases(server);
  const openEmptied = async () => open({ url: await emptied('contract'), answerWithinMs: 10_000 });
  const openGuests = async () => open({ url: await emptied('guests'), schema: GUESTS });

  describe('the contract', () => {
    testRecords(openEmptied);
    testStore({ open: openEmptied, openGuests });
  });

  describe('what is refused', () => {
    test('a document that is too large is refused for good, and its content is not in the message', async () => {
      const store = await openEmptied();
      const large = verificationOf('a', { destination: Buffer.alloc(17 * 1024 * 1024, 'secret-4711') });
      for (const refused of [store.insert(verifications, large), store.write([put(verifications, [large])])]) {
        const error = await refused.catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(RecordsRejected);
        expect(inspect(error)).not.toContain('4711');
      }
    });

    test('a conflict does not tell what is in conflict', async () => {
      const store = await openEmptied();
      const project = (id: string) => ({ id, project: 'p', purpose: 'secret-4711', rules: {}, ...DATED });
      await store.insert(policies, project('a'));
      const error = await store.write([put(policies, [project('b')])]).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(RecordsConflict);
      expect(inspect(error)).not.toContain('4711');
    });

    test('what is no connection string is refused in one line without it', async () => {
      const error = await openMongoStore({ url: new Secret('mongo://user:hunter2@host') }).catch(
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(StartupError);
      expect(inspect(error)).not.toContain('hunter2');
    });
  });
});

const DATED = { created_at: 1, updated_at: 1, version: 1 };
