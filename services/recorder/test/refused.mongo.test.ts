import { Secret } from '@watchword/platform';
import { createBlindIndex, openRecords, type Records } from '@watchword/records';
import { randomOf } from '@watchword/testkit/random';
import { describeMongo } from '@watchword/testkit/vitest';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { quietObserver, recordByHand, takeShard } from './by-hand.ts';
import { compareStatistics, ring, sealer, streamsOf } from './counted-streams.ts';

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
    const setAside: string[] = [];
    const record = recordByHand({
      records,
      sealer,
      blindIndex: createBlindIndex(ring),
      observer: { ...quietObserver, setAside: (_, position) => setAside.push(position) },
    });
    expect(await record(await takeShard(records, '00', 'rec_a'), entries)).toBe('written');
    expect(setAside).toEqual([culprit?.position]);
    const { stored, counted } = await compareStatistics(records);
    expect(stored).toEqual(counted);
    expect(counted.length).toBeGreaterThan(5);
  });
});
