import { Secret } from '@watchword/platform';
import { createBlindIndex, openRecords, type Records } from '@watchword/records';
import { describeMongo } from '@watchword/testkit/vitest';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRecordEntries } from '../src/usecases/record-entries.ts';
import { compareStatistics, ring, SHARDS, sealer, streamsOf } from './counted-streams.ts';
import { randomOf } from './lives.ts';

describeMongo('a document that the database refuses', (server) => {
  let records: Records;
  beforeAll(async () => {
    const url = new URL(server);
    url.pathname = `/ww_recorder_refused_${process.pid}`;
    records = await openRecords({ url: new Secret(url.href), answerWithinMs: 10_000 });
  });
  afterAll(() => records.close());

  test('is set aside alone, and nothing is counted that is not recorded', async () => {
    const entries = [...(streamsOf(randomOf(5), 3).streams.get('00') ?? [])];
    const queued = entries.findIndex(({ fields }) => fields.t?.toString() === 'delivery.queued');
    const culprit = entries[queued];
    const data = JSON.parse(culprit?.fields.d?.toString() ?? '') as object;
    const refused = Buffer.from(JSON.stringify({ ...data, 'odd\0name': 1 }));
    if (culprit) entries[queued] = { ...culprit, fields: { ...culprit.fields, d: refused } };
    const { cursors } = await records.renewLeases('rec_a', Date.now() + 60_000, SHARDS);
    const cursor = cursors.find(({ id }) => id === '00');
    const lease = cursor && (await records.takeShard(cursor, 'rec_a', Date.now() + 60_000));
    if (!lease) throw new Error('not taken');
    const setAside: string[] = [];
    const record = createRecordEntries({
      records,
      sealer,
      blindIndex: createBlindIndex(ring),
      forgetting: { forget: async () => 0 },
      otherShards: { areBehind: async () => false },
      observer: {
        recorded: () => undefined,
        batch: () => undefined,
        setAside: (_, position) => setAside.push(position),
        failing: () => undefined,
        recovered: () => undefined,
      },
      now: () => 0,
    });
    expect(await record(lease, entries)).toBe('written');
    expect(setAside).toEqual([culprit?.position]);
    const { stored, counted } = await compareStatistics(records);
    expect(stored).toEqual(counted);
    expect(counted.length).toBeGreaterThan(5);
  });
});
