import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createBlindIndex,
  createRecords,
  openSqliteStore,
  type Records,
  RecordsUnavailable,
  type Store,
} from '@watchword/records';
import { randomOf } from '@watchword/testkit/random';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { rebuildStatistics } from '../src/index.ts';
import { recordByHand, takeShard } from './by-hand.ts';
import { COUNTED_OF, compareStatistics, MIDNIGHT, ring, SHARDS, sealer, streamsOf } from './counted-streams.ts';

const DAY_MS = 24 * 3600 * 1000;

let directory: string;
let store: Store;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'watchword-statistics-'));
  store = await openSqliteStore({ file: join(directory, 'records.db') });
});
afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true, force: true });
});

/** One verification of each project, of which nothing was sent. */
async function recordOpened(projects: readonly string[], at: number): Promise<void> {
  const records = createRecords(store);
  const lease = await take(records, 'opened', 'rec_opened');
  const entries = projects.map((project, index) => {
    const id = String(index).padStart(26, '0');
    const data = { project, mode: 'test', purpose: 'login', country: 'US', checks_max: 3, code_ttl_ms: 1_000 };
    const fields = { v: id, q: 1, t: 'verification.opened', a: at, d: JSON.stringify(data) };
    const texts = Object.entries(fields).map(([name, value]) => [name, Buffer.from(String(value))] as const);
    const sealed = ['s', sealer.seal('+14155550123', id, 'destination')] as const;
    return { position: `1-${index + 1}`, fields: Object.fromEntries([...texts, sealed]) };
  });
  expect(await recorderOver(store)(lease, entries)).toBe('written');
  await records.leave('rec_opened');
}

type Fault = () => Promise<void>;

/** A database without transactions: what was written stays, wherever `fault` cuts off. */
const withoutTransactions = (fault: Fault): Store => ({
  ...store,
  async write(writes) {
    for (const write of writes) {
      const single =
        'documents' in write ? write.documents.map((document) => ({ ...write, documents: [document] })) : [write];
      for (const one of single) {
        await fault();
        if (!(await store.write([one as (typeof writes)[number]]))) return false;
      }
    }
    return true;
  },
});

const recorderOver = (of: Store) =>
  recordByHand({ records: createRecords(of), sealer, blindIndex: createBlindIndex(ring) });

/** For no time: nobody who looks for recorders finds one. */
const take = (records: Records, shard: string, owner: string) => takeShard(records, shard, owner, 1);

test.each(Array.from({ length: 8 }, (_, seed) => seed))(
  'seed %i: statistics and quotas equal a recount, however batches were cut, cut off, repeated and overtaken',
  async (seed) => {
    const random = randomOf(seed + 1);
    const { streams, sends } = streamsOf(random, 5);
    const records = createRecords(store);
    let faults = 0;
    let overtaken = 0;
    /** Recorders that were stopped somewhere in a write, and go on when others are far ahead. */
    const paused: { go: () => void; end: Promise<unknown> }[] = [];

    const failing: Fault = async () => {
      if (random() > 0.02) return;
      faults += 1;
      throw new RecordsUnavailable('cut off by the test');
    };
    for (const [shard, stream] of streams) {
      for (let turn = 0; ; turn += 1) {
        const lease = await take(records, shard, `rec_${turn}`);
        const from = stream.findIndex(({ position }) => position === lease.position) + 1;
        if (from === stream.length) break;
        const page = stream.slice(from, from + 1 + Math.floor(random() * 25));
        if (random() < 0.3) {
          let left = Math.floor(random() * 30);
          let go = () => undefined as void;
          const gate = new Promise<void>((resolve) => {
            go = resolve;
          });
          let reached = () => undefined as void;
          const isPaused = new Promise<void>((resolve) => {
            reached = resolve;
          });
          const pausing: Fault = async () => {
            left -= 1;
            if (left !== 0) return;
            reached();
            await gate;
          };
          const end = recorderOver(withoutTransactions(pausing))(lease, page).catch((error: unknown) => {
            if (!(error instanceof RecordsUnavailable)) throw error;
          });
          await Promise.race([isPaused, end]);
          paused.push({ go, end });
          continue;
        }
        await recorderOver(withoutTransactions(failing))(lease, page).catch((error: unknown) => {
          if (!(error instanceof RecordsUnavailable)) throw error;
        });
        if (random() < 0.3) {
          const [late] = paused.splice(Math.floor(random() * paused.length), 1);
          if (late) {
            overtaken += 1;
            late.go();
            await late.end;
          }
        }
      }
    }
    for (const late of paused) {
      late.go();
      await late.end;
    }
    const { stored, counted } = await compareStatistics(records);
    expect(stored).toEqual(counted);
    expect(counted.length).toBeGreaterThan(20);
    const counts = ['p0', 'p1'].flatMap((project) =>
      ['2026-01', '2026-02'].map((month) => records.readQuota(project, month)),
    );
    expect((await Promise.all(counts)).reduce((sum, count) => sum + count, 0)).toBe(sends);
    // A run that was never disturbed would prove little.
    expect(faults + overtaken).toBeGreaterThan(2);
  },
  60_000,
);

test('a rebuild puts right what was changed, keeps what is older than the events, and counting goes on from it', async () => {
  const { streams } = streamsOf(randomOf(99), 4);
  const records = createRecords(store);
  const record = recorderOver(store);
  const ends = new Map<string, number>();
  for (const [shard, stream] of streams) {
    const half = Math.floor(stream.length / 2);
    ends.set(shard, half);
    expect(await record(await take(records, shard, 'rec_a'), stream.slice(0, half))).toBe('written');
  }
  const old = { ...COUNTED_OF, project: 'p0' } as const;
  const kept = { ...old, resolution: 'day', bucket: MIDNIGHT - 40 * DAY_MS, counters: { sent: 7 } } as const;
  const wrong = { ...old, resolution: 'day', bucket: MIDNIGHT, country: 'FR', counters: { sent: 9 } } as const;
  await records.addStatistics([kept, wrong]);
  // Whole days are recorded of both projects, so that today's can be counted anew.
  await recordOpened(['p0', 'p1'], MIDNIGHT - 3 * DAY_MS);
  const now = () => MIDNIGHT + 3_600_000;
  await records.renewLeases('rec_a', now() + 1, SHARDS);
  const options = { records, retentionDays: 30, now };
  expect(await rebuildStatistics(options)).toEqual({ result: 'recorder_running' });
  await records.leave('rec_a');
  expect(await rebuildStatistics(options)).toMatchObject({ result: 'rebuilt' });
  for (const [shard, stream] of streams) {
    const lease = await take(records, shard, 'rec_b');
    expect(await record(lease, stream.slice(ends.get(shard)))).toBe('written');
  }
  const { stored, counted } = await compareStatistics(records);
  expect(stored.filter((row) => !counted.includes(row))).toEqual([expect.stringContaining('["sent",7]')]);
  expect(counted.filter((row) => !stored.includes(row))).toEqual([]);
});

test('a rebuild leaves alone what is older than what is recorded, whatever the retention is said to be', async () => {
  const records = createRecords(store);
  const rowOf = (project: string, bucket: number) =>
    ({ ...COUNTED_OF, project, resolution: 'day', bucket, counters: { sent: 7 } }) as const;
  // Of p0 all before MIDNIGHT was deleted by a retention that is longer today; of p1 nothing is left.
  await recordOpened(['p0'], MIDNIGHT + 1);
  const rows = [-3, 0, 1, 2].map((day) => rowOf('p0', MIDNIGHT + day * DAY_MS));
  await records.addStatistics([...rows, rowOf('p1', MIDNIGHT + 2 * DAY_MS)]);
  const now = () => MIDNIGHT + 2 * DAY_MS;
  expect(await rebuildStatistics({ records, retentionDays: 90, now })).toMatchObject({ result: 'rebuilt' });
  const left = (await records.listStatistics(null, 99)).items.map(({ project, bucket }) => [project, bucket]);
  expect(left).toEqual([
    ['p0', MIDNIGHT - 3 * DAY_MS],
    ['p0', MIDNIGHT],
    ['p0', MIDNIGHT + DAY_MS],
    ['p1', MIDNIGHT + 2 * DAY_MS],
  ]);
});

test('what was counted and then swept away is not counted again when a batch that was cut off is repeated', async () => {
  const { streams } = streamsOf(randomOf(7), 3);
  const records = createRecords(store);
  const lease = await take(records, '00', 'rec_a');
  const page = streams.get('00') ?? [];
  const cut = withoutStates();
  await expect(recorderOver(cut)(lease, page)).rejects.toThrow('cut off');
  expect((await records.listStatistics(null, 9)).items).not.toEqual([]);
  expect(await rebuildStatistics({ records, retentionDays: 30, now: () => MIDNIGHT })).toEqual({
    result: 'recording_unfinished',
    shards: ['00'],
  });
  await records.deleteStatistics({ minute: MIDNIGHT + DAY_MS, day: MIDNIGHT + DAY_MS });
  expect(await recorderOver(store)(lease, page)).toBe('written');
  expect((await records.listStatistics(null, 9)).items).toEqual([]);
});

/** A database that is away from the moment on when all was counted. */
const withoutStates = (): Store => ({
  ...store,
  async write(writes) {
    const counted = writes.findLastIndex(({ kind }) => kind === 'tally') + 1;
    await store.write(writes.slice(0, counted + 1));
    throw new RecordsUnavailable('cut off by the test');
  },
});
