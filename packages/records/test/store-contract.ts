import { beforeEach, describe, expect, test } from 'vitest';
import { defineCollection, optional, text } from '../src/collection.ts';
import { type QuotaDocument, quotas } from '../src/collections/accounting.ts';
import { type PolicyDocument, plans, platformSettings, policies } from '../src/collections/configuration.ts';
import { events, type VerificationDocument, verifications } from '../src/collections.ts';
import type { Schema } from '../src/migrations/schema.ts';
import { put, RecordsConflict, RecordsRejected, requireChange, type Store, type Tally, tally } from '../src/store.ts';
import { verificationOf } from './records-contract.ts';

const NOW = 1_700_000_000_000;

const policyOf = (id: string, changes: Partial<PolicyDocument> = {}): PolicyDocument => ({
  id,
  project: 'p-1',
  purpose: id,
  rules: {},
  created_at: NOW,
  updated_at: NOW,
  version: 1,
  ...changes,
});

const tallyOf = (shard: string, expected: string | null, position: string, sent = 1): Tally & { base: QuotaBase } => ({
  id: 'p-1:2026-01',
  shard,
  expected,
  position,
  base: { project: 'p-1', month: '2026-01' },
  increments: { sent },
});
type QuotaBase = Pick<QuotaDocument, 'project' | 'month'>;

/** For what no collection of ours has: a unique field that a document may be without. */
const guests = defineCollection('guests', { room: optional(text()), name: text() }, [], [['room']]);
export const GUESTS: Schema = { version: 1, collections: [guests], migrations: [] };

export interface StoreOpeners {
  /** An empty one each time. */
  readonly open: () => Promise<Store>;
  /** The same, with the collections of `GUESTS`. */
  readonly openGuests: () => Promise<Store>;
}

/** What every backend of the records must hold, beyond what the records themselves show. */
export function testStore({ open, openGuests }: StoreOpeners): void {
  let store: Store;
  beforeEach(async () => {
    store = await open();
  });
  const quota = async () => (await store.find(quotas, { limit: 9 }))[0];

  describe('inserting and replacing', () => {
    test('of 20 who insert a document of one id at once, one does', async () => {
      const inserted = await Promise.all(
        Array.from({ length: 20 }, (_, index) => store.insert(policies, policyOf('a', { purpose: `p${index}` }))),
      );
      expect(inserted.filter((outcome) => outcome === 'inserted')).toHaveLength(1);
      expect(await store.count(policies, {})).toBe(1);
    });

    test('what a unique index keeps apart exists once, whoever is first', async () => {
      const inserted = await Promise.all(
        Array.from({ length: 20 }, (_, index) => store.insert(policies, policyOf(`id${index}`, { purpose: 'login' }))),
      );
      expect(inserted.filter((outcome) => outcome === 'inserted')).toHaveLength(1);
      expect(await store.insert(policies, policyOf('other', { purpose: 'login', project: 'p-2' }))).toBe('inserted');
    });

    test('documents without a unique field are as many as they like', async () => {
      const hotel = await openGuests();
      const guest = (id: string, room: string | null) => hotel.insert(guests, { id, room, name: 'n' });
      expect([await guest('a', null), await guest('b', null)]).toEqual(['inserted', 'inserted']);
      expect([await guest('c', '1'), await guest('d', '1')]).toEqual(['inserted', 'exists']);
      expect(await hotel.find(guests, { where: { room: '1' }, limit: 9 })).toMatchObject([{ id: 'c' }]);
    });

    test('of 50 who replace a document as they read it, one does', async () => {
      await store.insert(policies, policyOf('a'));
      const replaced = await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          store.replaceIf(policies, { version: 1 }, policyOf('a', { version: 2, updated_at: NOW + index })),
        ),
      );
      expect(replaced.filter((outcome) => outcome === 'replaced')).toHaveLength(1);
      expect(replaced.filter((outcome) => outcome === 'missing')).toHaveLength(49);
      const [policy] = await store.find(policies, { limit: 9 });
      expect(policy?.updated_at).toBe(NOW + replaced.indexOf('replaced'));
    });

    test('a replacement that another document keeps out changes nothing and says so', async () => {
      await store.insert(policies, policyOf('a'));
      await store.insert(policies, policyOf('b'));
      expect(await store.replaceIf(policies, { version: 1 }, policyOf('b', { purpose: 'a', version: 2 }))).toBe(
        'exists',
      );
      expect(await store.replaceIf(policies, {}, policyOf('c'))).toBe('missing');
      expect(await store.find(policies, { limit: 9 })).toEqual([policyOf('a'), policyOf('b')]);
    });

    test('a write of what another document keeps out is refused as a conflict', async () => {
      await store.insert(policies, policyOf('a'));
      await expect(store.write([put(policies, [policyOf('b', { purpose: 'a' })])])).rejects.toThrow(RecordsConflict);
      await store.insert(policies, policyOf('b'));
      await expect(store.change(policies, { id: 'b' }, { purpose: 'a' })).rejects.toThrow(RecordsConflict);
    });

    test('a document that is put without a number to compare replaces the one that was there', async () => {
      await store.write([put(policies, [policyOf('a')])]);
      await store.write([put(policies, [policyOf('a', { version: 7 })])]);
      expect(await store.find(policies, { limit: 9 })).toEqual([policyOf('a', { version: 7 })]);
    });

    test('nested data comes back as it was, with null, empty objects and lists in it', async () => {
      const settings = { id: 'platform', pause: { a: {}, b: [], c: [null, 1.5, { 'd.e': '$f' }] } as never };
      const dated = { created_at: NOW, updated_at: NOW, version: 1 };
      await store.insert(platformSettings, { ...settings, ...dated });
      expect(await store.find(platformSettings, { limit: 1 })).toEqual([{ ...settings, ...dated }]);
    });

    test('the newer of two states is what is left, whichever of many writers comes first', async () => {
      const writers = Array.from({ length: 20 }, (_, index) =>
        verificationOf('a', { applied_seq: ((index * 7) % 20) + 1 }),
      );
      await Promise.all(writers.map((verification) => store.write([put(verifications, [verification])])));
      expect(await store.find(verifications, { limit: 9 })).toMatchObject([{ applied_seq: 20 }]);
    });
  });

  describe('what is not declared', () => {
    const isRefused = { status: 'rejected', reason: expect.any(RecordsRejected) };
    const odd = { ...verificationOf('a'), shoe_size: 42 } as VerificationDocument;

    test('a field of a document is refused, and nothing of its write is kept', async () => {
      const asked = await Promise.allSettled([
        store.write([put(verifications, [verificationOf('b')]), put(verifications, [odd])]),
        store.insert(verifications, odd),
        store.replaceIf(verifications, {}, odd),
        store.change(verifications, { id: 'a' }, { shoe_size: 42 } as object),
      ]);
      expect(asked).toMatchObject(asked.map(() => isRefused));
      expect(await store.count(verifications, {})).toBe(0);
    });

    test('a field of a condition is refused, and so is a condition that is no value', async () => {
      const where = { shoe_size: 42 } as object;
      const asked = await Promise.allSettled([
        store.find(verifications, { where, limit: 1 }),
        store.count(verifications, where),
        store.countBy(verifications, 'status', where),
        store.deleteSome(verifications, where, 1),
        store.write([requireChange(verifications, where, { status: 'expired' })]),
        store.find(verifications, { where: { project: { $ne: 'x' } } as never, limit: 1 }),
        store.find(verifications, { where: { opened_at: 'x' }, limit: 1 }),
        store.find(verifications, { where: { channels: { in: ['sms'] } }, limit: 1 }),
        store.find(verifications, { where: { channels: null }, limit: 1 }),
      ]);
      expect(asked).toMatchObject(asked.map(() => isRefused));
    });

    test('a value of another type is refused, by the name of its field and without the value', async () => {
      const wrong = verificationOf('a', { opened_at: 'secret-4711' as never });
      const error = await store.insert(verifications, wrong).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(RecordsRejected);
      expect(String(error)).toContain('verifications.opened_at');
      expect(String(error)).not.toContain('4711');
    });

    test('texts are a list of them, each once', async () => {
      for (const channels of ['sms', [1], ['sms', 'sms'], { 0: 'sms' }]) {
        await expect(store.insert(verifications, verificationOf('a', { channels } as never))).rejects.toThrow(
          /verifications\.channels must be texts/,
        );
      }
      await store.insert(verifications, verificationOf('a', { channels: ['sms', 'email'] }));
      expect(await store.count(verifications, { channels: 'email' })).toBe(1);
      expect(await store.count(verifications, { channels: 'voice' })).toBe(0);
    });
  });

  describe('tallies', () => {
    test('100 who count at once count each once, from as many shards', async () => {
      const shards = Array.from({ length: 100 }, (_, index) => String(index).padStart(2, '0'));
      const counted = await Promise.all(
        shards.map((shard) => store.write([tally(quotas, [tallyOf(shard, null, '1-0', 2)])])),
      );
      expect(counted).toEqual(shards.map(() => true));
      expect(await quota()).toMatchObject({ project: 'p-1', counters: { sent: 200 } });
      expect(Object.keys((await quota())?.positions ?? {}).toSorted()).toEqual(shards);
    });

    test('of 100 who count the same events at once, one does', async () => {
      await store.write([tally(quotas, [tallyOf('07', null, '1-0')])]);
      const counted = await Promise.all(
        Array.from({ length: 100 }, () => store.write([tally(quotas, [tallyOf('07', '1-0', '2-0', 5)])])),
      );
      expect(counted.filter(Boolean)).toHaveLength(1);
      expect(await quota()).toMatchObject({ positions: { '07': '2-0' }, counters: { sent: 6 } });
    });

    test('of 20 who count the first events of a shard at once, one does', async () => {
      const counted = await Promise.all(
        Array.from({ length: 20 }, () => store.write([tally(quotas, [tallyOf('07', null, '2-0', 5)])])),
      );
      expect(counted.filter(Boolean)).toHaveLength(1);
      expect(await quota()).toMatchObject({ positions: { '07': '2-0' }, counters: { sent: 5 } });
    });

    test('counters grow by their names, and a shard comes beside the others', async () => {
      await store.write([tally(quotas, [{ ...tallyOf('07', null, '1-0'), increments: {} }])]);
      expect(await quota()).toMatchObject({ positions: { '07': '1-0' }, counters: {} });
      const more = { ...tallyOf('07', '1-0', '2-0'), increments: { sent: 2, 'delivered/sms': 1 } };
      await store.write([tally(quotas, [more, tallyOf('08', null, '9-0', -1)])]);
      const { positions, counters } = (await quota()) ?? {};
      expect(positions).toEqual({ '07': '2-0', '08': '9-0' });
      expect(counters).toEqual({ sent: 1, 'delivered/sms': 1 });
    });

    test('a document that has come to another position stays, and ends the write', async () => {
      await store.write([tally(quotas, [tallyOf('07', null, '1-0')])]);
      const late = tally(quotas, [tallyOf('07', '0-1', '2-0'), { ...tallyOf('07', null, '2-0'), id: 'other' }]);
      expect(await store.write([late, put(verifications, [verificationOf('a')])])).toBe(false);
      expect(await store.count(verifications, {})).toBe(0);
      expect(await store.find(quotas, { where: { id: 'p-1:2026-01' }, limit: 1 })).toMatchObject([
        { positions: { '07': '1-0' }, counters: { sent: 1 } },
      ]);
    });

    test.each(['a.b', '$a', ''])('a counter called "%s" is refused', async (name) => {
      const odd = { ...tallyOf('07', null, '1-0'), increments: { [name]: 1 } };
      await expect(store.write([tally(quotas, [odd])])).rejects.toThrow(RecordsRejected);
    });
  });

  describe('plans', () => {
    beforeEach(async () => {
      const many = Array.from({ length: 300 }, (_, index) =>
        verificationOf(`v${index}`, { opened_at: NOW + index, project: `p-${index % 7}`, seal_key: index % 3 }),
      );
      await store.write([put(verifications, many)]);
    });

    test.each([
      ['the documents of some ids', { where: { id: { in: ['v1', 'v2'] } } }, 'id'],
      [
        'a page of a project',
        { where: { project: 'p-1' }, sort: { by: 'opened_at' }, after: { value: NOW, id: 'v0' } },
        'verifications_project_opened_at',
      ],
      ['what is sealed with a key', { where: { seal_key: 2 } }, 'verifications_seal_key'],
      ['what has no index', { where: { country: 'US' } }, null],
    ] as const)('%s: the index that finds them is named', async (_, query, index) => {
      expect(await store.explain(verifications, { ...query, limit: 10 })).toBe(index);
    });

    test('a unique index finds its document', async () => {
      const many = Array.from({ length: 300 }, (_, index) => policyOf(`id${index}`));
      await store.write([put(policies, many)]);
      const where = { project: 'p-1', purpose: 'id7' };
      expect(await store.explain(policies, { where, limit: 1 })).toMatch(/^policies_project(_purpose_unique)?$/);
      expect(await store.find(policies, { where, limit: 2 })).toEqual([policyOf('id7')]);
    });
  });

  test('texts are in one order, that of their bytes', async () => {
    const ids = ['B', 'a', 'Z', 'é', '_', '10', '9', 'a-b', 'ab', '😀', '～'];
    const dated = { name: 'n', monthly_sends: null, created_at: NOW, updated_at: NOW, version: 1 };
    await store.write([
      put(
        plans,
        ids.map((id) => ({ id, ...dated })),
      ),
    ]);
    const sorted = ids.toSorted((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
    const found = await store.find(plans, { sort: { by: 'id' }, limit: 99 });
    expect(found.map(({ id }) => id)).toEqual(sorted);
  });

  test('an event of a batch of thousands is written and read', async () => {
    const many = Array.from({ length: 3_000 }, (_, index) => ({
      id: `v-${index}`,
      verification: 'v',
      seq: index,
      type: 'check.judged' as const,
      at: NOW,
      data: {},
    }));
    await store.write([{ kind: 'add', collection: events, documents: many }]);
    expect(await store.count(events, { verification: 'v' })).toBe(3_000);
  });
}
