import { beforeEach, describe, expect, test } from 'vitest';
import type { Batch } from '../src/batches.ts';
import {
  type AttemptDocument,
  type DeliveryDocument,
  deliveries,
  type EventDocument,
  events,
  poisonEvents,
  type VerificationDocument,
  verifications,
} from '../src/collections.ts';
import type { ShardLease } from '../src/leases.ts';
import { createRecords, type Records } from '../src/records.ts';
import { add, type PageCursor, put, RecordsRejected, requireChange, type Store } from '../src/store.ts';

const NOW = 1_700_000_000_000;
const SHARDS = ['00', '01', '02'];

export const verificationOf = (id: string, changes: Partial<VerificationDocument> = {}): VerificationDocument => ({
  id,
  project: 'p-1',
  mode: 'test',
  purpose: 'login',
  country: 'US',
  status: 'pending',
  undeliverable: false,
  destination: Buffer.from([1, 0, 255]),
  seal_key: 1,
  destination_index: Buffer.alloc(32, 7),
  second_index: null,
  third_index: null,
  destination_index_key: 1,
  context: null,
  user_index: null,
  user_index_key: null,
  channel: null,
  channels: [],
  provider: null,
  providers: [],
  erased_at: null,
  code_ttl_ms: 300_000,
  checks_remaining: 3,
  last_delivery: 1,
  last_send: null,
  opened_at: NOW,
  expires_at: NOW + 300_000,
  ended_at: null,
  token_consumed_at: null,
  applied_seq: 1,
  ...changes,
});

const deliveryOf = (verification: string, changes: Partial<DeliveryDocument> = {}): DeliveryDocument => ({
  id: `del_${verification}-1`,
  verification,
  ordinal: 1,
  send: 1,
  channel: 'sms',
  reason: null,
  status: 'queued',
  queued_at: NOW,
  ended_at: null,
  applied_seq: 2,
  ...changes,
});

const attemptOf = (verification: string): AttemptDocument => ({
  id: `att_${verification}-1-1`,
  verification,
  delivery: `del_${verification}-1`,
  ordinal: 1,
  provider: null,
  outcome: null,
  class: null,
  provider_code: null,
  provider_message_id: null,
  cost_micros: null,
  template: null,
  receipt: null,
  delivered_at: null,
  started_at: NOW,
  settled_at: null,
  applied_seq: 3,
});

const eventOf = (verification: string, seq: number): EventDocument => ({
  id: `${verification}-${seq}`,
  verification,
  seq,
  type: seq === 1 ? 'verification.opened' : 'check.judged',
  at: NOW + seq,
  data: { result: 'incorrect', checks_remaining: 2, odd: true },
});

const batchOf = (changes: Partial<Batch>): Batch => ({
  position: '5-0',
  events: [],
  verifications: [],
  deliveries: [],
  attempts: [],
  receipts: [],
  tokens: [],
  poison: [],
  tallies: [],
  ...changes,
});

const AUDITED = {
  project: 'p-1',
  actor: 'api',
  action: 'destination.erase',
  resource: 'destination',
  resource_id: 'ers_a',
  before: null,
  after: null,
  request_id: '',
  at: NOW,
};

/** What every backend of the records must hold. `open` gives an empty one each time. */
export function testRecords(open: () => Promise<Store>): void {
  let store: Store;
  let records: Records;
  beforeEach(async () => {
    store = await open();
    records = createRecords(store);
  });

  const all = (limit = 100) => store.find(verifications, { limit });
  async function takeShard(owner: string, shard = '00', at = NOW): Promise<ShardLease | null> {
    const { cursors } = await records.renewLeases(owner, at + 1_000, SHARDS);
    const cursor = cursors.find(({ id }) => id === shard);
    return cursor ? records.takeShard(cursor, owner, at + 1_000) : null;
  }
  async function takenShard(owner: string): Promise<ShardLease> {
    const lease = await takeShard(owner);
    if (!lease) throw new Error('not taken');
    return lease;
  }

  describe('documents', () => {
    test('a document comes back as it was put: bytes, booleans, nothing and nested data', async () => {
      const verification = verificationOf('a', { undeliverable: true, context: Buffer.alloc(0) });
      await store.write([put(verifications, [verification]), add(events, [eventOf('a', 2)])]);
      expect(await all()).toEqual([verification]);
      expect(await store.find(events, { limit: 9 })).toEqual([eventOf('a', 2)]);
    });

    test('a document that has taken in more is not replaced by an older one', async () => {
      await store.write([put(verifications, [verificationOf('a', { applied_seq: 4, status: 'approved' })])]);
      await store.write([put(verifications, [verificationOf('a', { applied_seq: 4, status: 'expired' })])]);
      await store.write([put(verifications, [verificationOf('a', { applied_seq: 3 })])]);
      expect(await all()).toMatchObject([{ status: 'approved' }]);
      await store.write([put(verifications, [verificationOf('a', { applied_seq: 5, status: 'canceled' })])]);
      expect(await all()).toMatchObject([{ status: 'canceled' }]);
    });

    test('what was changed of a field that its collection keeps is not brought back by an older copy', async () => {
      await store.write([put(verifications, [verificationOf('a')])]);
      const blank = { destination: Buffer.alloc(0), seal_key: null, destination_index: null, erased_at: NOW };
      await store.change(verifications, { id: 'a' }, blank);
      await store.write([
        put(verifications, [verificationOf('a', { applied_seq: 9, status: 'approved', ended_at: NOW })]),
      ]);
      const [document] = await all();
      expect(document).toEqual(verificationOf('a', { ...blank, applied_seq: 9, status: 'approved', ended_at: NOW }));
    });

    test('adding a document that is there changes nothing', async () => {
      await store.write([add(events, [eventOf('a', 1)])]);
      await store.write([add(events, [{ ...eventOf('a', 1), at: 0 }])]);
      expect(await store.find(events, { limit: 9 })).toEqual([eventOf('a', 1)]);
    });

    test('a refused document is told apart from a database that is away', async () => {
      const broken = { ...verificationOf('a'), project: null } as unknown as VerificationDocument;
      await expect(store.write([put(verifications, [broken])])).rejects.toThrow(RecordsRejected);
      expect(await all()).toEqual([]);
    });

    test.each<[string, unknown]>([
      ['a name that ends early', { 'a\0b': 1 }],
      ['a name of the drivers', { inner: { _bsontype: 'Long' } }],
      ['a name that is lost', JSON.parse('{"__proto__": 1}')],
      ['more than fits', { a: 'x'.repeat(16 * 1024 * 1024) }],
      ['depths', JSON.parse(`${'['.repeat(200)}${']'.repeat(200)}`)],
    ])('a document with %s in it is refused before anything of its write is kept', async (_, data) => {
      const odd = { ...eventOf('a', 1), data } as EventDocument;
      await expect(store.write([put(verifications, [verificationOf('a')]), add(events, [odd])])).rejects.toThrow(
        RecordsRejected,
      );
      expect(await all()).toEqual([]);
    });

    test('one of 50 who change a document at once finds it as they saw it', async () => {
      await store.write([put(verifications, [verificationOf('a')])]);
      const changed = await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          store.change(verifications, { id: 'a', status: 'pending' }, { status: 'approved', ended_at: index }),
        ),
      );
      expect(changed.reduce((sum, count) => sum + count, 0)).toBe(1);
    });
  });

  describe('queries', () => {
    beforeEach(async () => {
      const many = Array.from({ length: 25 }, (_, index) =>
        verificationOf(`v${String(index).padStart(2, '0')}`, {
          opened_at: NOW + Math.floor(index / 4),
          project: index % 2 === 0 ? 'p-1' : 'p-2',
          destination_index: Buffer.of(index % 5),
          ended_at: index % 3 === 0 ? null : NOW,
        }),
      );
      await store.write([put(verifications, many)]);
    });

    async function pages(descending: boolean, where = {}): Promise<string[]> {
      const ids: string[] = [];
      let after: PageCursor | undefined;
      for (;;) {
        const page = await store.find(verifications, {
          where,
          sort: { by: 'opened_at', descending },
          limit: 7,
          ...(after ? { after } : {}),
        });
        const last = page.at(-1);
        if (!last) return ids;
        ids.push(...page.map(({ id }) => id));
        after = { value: last.opened_at, id: last.id };
      }
    }

    test('pages follow one another without a gap or a double, though many have the same time', async () => {
      const expected = Array.from({ length: 25 }, (_, index) => `v${String(index).padStart(2, '0')}`);
      expect(await pages(false)).toEqual(expected);
      expect(await pages(true)).toEqual(expected.toReversed());
      expect(await pages(false, { project: 'p-2' })).toEqual(expected.filter((_, index) => index % 2 === 1));
    });

    test('equal, nothing, one of several and ranges are found and counted', async () => {
      const count = (where: object) => store.count(verifications, where);
      expect(await count({ project: 'p-2' })).toBe(12);
      expect(await count({ ended_at: null })).toBe(9);
      expect(await count({ id: { in: ['v01', 'v02', 'none'] } })).toBe(2);
      expect(await count({ opened_at: { gte: NOW + 1, lt: NOW + 3 } })).toBe(8);
      expect(await count({ destination_index: Buffer.of(3), project: 'p-1' })).toBe(2);
      expect(await store.countBy(verifications, 'project', { ended_at: null })).toEqual(
        new Map([
          ['p-1', 5],
          ['p-2', 4],
        ]),
      );
      expect(await store.countBy(verifications, 'project')).toEqual(
        new Map([
          ['p-1', 13],
          ['p-2', 12],
        ]),
      );
    });

    test('a list that no declared index leads to is refused', async () => {
      await expect(store.find(verifications, { sort: { by: 'ended_at' }, limit: 1 })).rejects.toThrow('no index');
    });

    test('deleting takes no more than it may at a time', async () => {
      const where = { opened_at: { lt: NOW + 3 } };
      expect(await store.deleteSome(verifications, where, 10)).toBe(10);
      expect(await store.deleteSome(verifications, where, 10)).toBe(2);
      expect(await all()).toHaveLength(13);
    });
  });

  describe('leases', () => {
    test('of 20 who take a shard that all saw free, one gets it', async () => {
      const { cursors } = await records.renewLeases('rec-a', NOW + 1_000, SHARDS);
      const [free] = cursors;
      if (!free) throw new Error('no shard');
      const takers = Array.from({ length: 20 }, (_, index) => `rec-${index}`);
      const leases = await Promise.all(takers.map((owner) => records.takeShard(free, owner, NOW + 1_000)));
      expect(leases.filter((lease) => lease !== null)).toHaveLength(1);
    });

    test('a shard that was taken anew is fenced from its old owner, whose batch changes nothing', async () => {
      const stale = await takenShard('rec-a');
      const current = await takenShard('rec-b');
      expect(current.epoch).toBe(stale.epoch + 1);
      const batch = batchOf({ events: [eventOf('a', 1)], verifications: [verificationOf('a')] });
      expect(await records.writeBatch(stale, batch)).toBe('fenced');
      expect((await records.cursors()).find(({ id }) => id === '00')).toMatchObject({
        position: '0-0',
        owner: 'rec-b',
      });
      expect(await records.writeBatch(current, batch)).toBe('written');
      await records.releaseShard(stale);
      expect((await records.cursors()).find(({ id }) => id === '00')).toMatchObject({
        position: '5-0',
        owner: 'rec-b',
      });
    });

    test('a batch of ours that arrives when a later one has moved the cursor changes nothing of it', async () => {
      const lease = await takenShard('rec-a');
      const lost = batchOf({ position: '5-0', verifications: [verificationOf('a')] });
      const later = batchOf({ position: '9-0', verifications: [verificationOf('a', { applied_seq: 2 })] });
      expect(await records.writeBatch(lease, later)).toBe('written');
      expect(await records.writeBatch(lease, lost)).toBe('fenced');
      expect(await records.writeBatch(lease, later)).toBe('fenced');
      const cursor = (await records.cursors()).find(({ id }) => id === '00');
      expect(cursor).toMatchObject({ position: '9-0', counted: '9-0', owner: 'rec-a' });
      expect(await records.writeBatch({ ...lease, position: '9-0' }, batchOf({ position: '10-0' }))).toBe('written');
    });

    test('what is erased was opened until then, and by whoever has the shard', async () => {
      const blind = Buffer.alloc(32, 7);
      await store.write([
        put(verifications, [verificationOf('a'), verificationOf('b', { opened_at: NOW + 1 }), verificationOf('c')]),
      ]);
      expect(await records.findByDestination('p-1', [blind], NOW)).toEqual(['a', 'c']);
      const stale = await takenShard('rec-a');
      const current = await takenShard('rec-b');
      const erasure = { ...AUDITED, id: 'aud_a' };
      expect([await records.isHeld(stale), await records.isHeld(current)]).toEqual([false, true]);
      expect(await records.eraseVerifications(stale, ['a'], NOW, erasure)).toBe('fenced');
      expect((await all()).map(({ erased_at }) => erased_at)).toEqual([null, null, null]);
      expect((await records.audit.list('p-1', { after: null, limit: 9 })).items).toEqual([]);
      expect(await records.eraseVerifications(current, ['a'], NOW, erasure)).toBe('erased');
      expect((await all()).map(({ erased_at }) => erased_at)).toEqual([NOW, null, null]);
    });

    test('a verification is found, and erased, by each of its addresses, and by nothing afterwards', async () => {
      const [phone, email, device] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2), Buffer.alloc(32, 3)];
      const indexes = { destination_index: phone, second_index: email, third_index: device };
      const alone = { destination_index: email };
      await store.write([put(verifications, [verificationOf('a', indexes), verificationOf('b', alone)])]);
      for (const digest of [phone, device])
        expect(await records.findByDestination('p-1', [digest], NOW)).toEqual(['a']);
      expect(await records.findByDestination('p-1', [device, phone], NOW)).toEqual(['a']);
      expect((await records.findByDestination('p-1', [email], NOW)).toSorted()).toEqual(['a', 'b']);
      expect(await records.findByDestination('p-2', [email], NOW)).toEqual([]);
      const lease = await takenShard('rec-a');
      await records.eraseVerifications(lease, ['a'], NOW, { ...AUDITED, id: 'aud_a' });
      expect(await records.findByDestination('p-1', [phone, email, device], NOW)).toEqual(['b']);
      expect((await all())[0]).toMatchObject({ destination_index: null, second_index: null, third_index: null });
      // An older copy brings nothing back.
      await store.write([put(verifications, [verificationOf('a', { ...indexes, applied_seq: 9 })])]);
      expect(await records.findByDestination('p-1', [phone, email, device], NOW)).toEqual(['b']);
    });

    test('renewing prolongs what one holds and shows everyone who is there', async () => {
      await takenShard('rec-a');
      const table = await records.renewLeases('rec-b', NOW + 9_000, SHARDS);
      expect(table.recorders.map(({ id }) => id).toSorted()).toEqual(['rec-a', 'rec-b']);
      await records.renewLeases('rec-a', NOW + 9_000, SHARDS);
      expect((await records.cursors()).map(({ leased_until }) => leased_until)).toEqual([NOW + 9_000, 0, 0]);
      await records.leave('rec-a');
      expect((await records.cursors()).map(({ owner }) => owner)).toEqual([null, null, null]);
    });
  });

  describe('batches', () => {
    test('a batch that is written twice leaves what it left the first time', async () => {
      const lease = await takenShard('rec-a');
      const batch = batchOf({
        events: [eventOf('a', 1), eventOf('a', 2)],
        verifications: [verificationOf('a', { applied_seq: 2 })],
        deliveries: [deliveryOf('a')],
        attempts: [attemptOf('a')],
      });
      await records.writeBatch(lease, batch);
      const first = [await records.readStates(['a', 'b']), await records.readTimeline('p-1', 'a')];
      await records.writeBatch(lease, batch);
      expect([await records.readStates(['a', 'b']), await records.readTimeline('p-1', 'a')]).toEqual(first);
      expect(first[0]).toEqual(
        new Map([
          [
            'a',
            {
              verification: verificationOf('a', { applied_seq: 2 }),
              deliveries: [deliveryOf('a')],
              attempts: [attemptOf('a')],
            },
          ],
        ]),
      );
    });

    test("another project's verification is not there", async () => {
      await store.write([put(verifications, [verificationOf('a')]), add(events, [eventOf('a', 1)])]);
      expect(await records.readTimeline('p-1', 'a')).toHaveLength(1);
      expect(await records.readTimeline('p-2', 'a')).toBeNull();
      expect(await records.readVerification('p-2', 'a')).toBeNull();
    });

    test('a write whose last condition does not hold says so', async () => {
      const wanted = requireChange(verifications, { id: 'none' }, { status: 'expired' });
      expect(await store.write([wanted])).toBe(false);
    });
  });

  describe('retention', () => {
    test('what is old goes with all that belongs to it, what is not stays, and a report of the day says so once', async () => {
      const old = Array.from({ length: 230 }, (_, index) => `old-${index}`);
      const ids = [...old, 'new'];
      await store.write([
        put(
          verifications,
          ids.map((id) =>
            verificationOf(id, {
              opened_at: id === 'new' ? NOW : NOW - 10_000,
              status: id === 'new' ? 'pending' : 'approved',
            }),
          ),
        ),
        put(
          deliveries,
          ids.map((id) => deliveryOf(id)),
        ),
        add(
          events,
          ids.flatMap((id) => [eventOf(id, 1), eventOf(id, 2)]),
        ),
      ]);
      const due = { project: null, before: NOW - 5_000 };
      const report = await records.beginReport('2026-01-01', { cutoff: due.before, cutoffs: {} }, NOW);
      expect(report).toMatchObject({ total: 231, active: 1, used: 230, expired: 0, by_type: { login: 231 }, due: 230 });
      expect(await records.deleteVerifications(due)).toBe(100);
      // Cut off here, and begun again by two at once.
      await records.beginReport('2026-01-01', { cutoff: due.before + 9_999, cutoffs: {} }, NOW + 1);
      await Promise.all([records.deleteVerifications(due), records.deleteVerifications(due)]);
      while ((await records.deleteVerifications(due)) > 0);
      const reports = [await records.completeReport('2026-01-01'), await records.completeReport('2026-01-01')];
      expect(reports).toEqual([
        { ...report, deleted: 230 },
        { ...report, deleted: 230 },
      ]);
      expect((await all()).map(({ id }) => id)).toEqual(['new']);
      expect(await store.count(events, {})).toBe(2);
      expect(await store.count(deliveries, {})).toBe(1);
    });

    test('a project is kept since the oldest verification that no sweep has begun to take', async () => {
      expect(await records.readKeptSince('p-1')).toBeNull();
      await store.write([
        put(
          verifications,
          [1, 2, 3, 4].map((at) => verificationOf(`v${at}`, { opened_at: at, applied_seq: 2 })),
        ),
        put(verifications, [verificationOf('other', { project: 'p-2', opened_at: 9 })]),
        add(
          events,
          ['v1', 'v3', 'v4', 'other'].flatMap((id) => [eventOf(id, 1), eventOf(id, 2)]),
        ),
        add(events, [eventOf('v2', 2)]),
      ]);
      expect(await records.readKeptSince('p-1')).toBe(3);
      expect(await records.readKeptSince('p-2')).toBe(9);
    });

    test('what was set aside long ago goes too', async () => {
      const poison = (id: string, set_aside_at: number) => ({
        id,
        shard: '00',
        position: '1-0',
        fields: {},
        reason: 'r',
        set_aside_at,
      });
      await store.write([add(poisonEvents, [poison('00:1-0', NOW - 9), poison('00:2-0', NOW)])]);
      await records.deletePoison(NOW - 1);
      expect(await records.listPoison(9)).toMatchObject([{ id: '00:2-0' }]);
    });
  });
}
