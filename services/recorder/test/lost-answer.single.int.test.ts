import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Batch,
  comparePositions,
  createBlindIndex,
  openRecords,
  type Records,
  RecordsUnavailable,
  type ShardLease,
} from '@watchword/records';
import { eventually } from '@watchword/testkit';
import { randomOf } from '@watchword/testkit/random';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startRecordingLoop } from '../src/jobs/recording-loop.ts';
import { createHoldShards } from '../src/usecases/hold-shards.ts';
import { quietObserver, recordByHand } from './by-hand.ts';
import { ring, sealer, streamsOf } from './counted-streams.ts';

let directory: string;
let records: Records;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'watchword-lost-answer-'));
  records = await openRecords({ file: join(directory, 'records.db') });
});
afterEach(async () => {
  await records.close();
  rmSync(directory, { recursive: true, force: true });
});

const SHARD = '00';

test('a batch whose answer was lost is neither waited for nor written over: recording goes on where the database is', async () => {
  const entries = streamsOf(randomOf(3), 4).streams.get(SHARD) ?? [];
  const last = entries.at(-1)?.position;
  const lost: (readonly [ShardLease, Batch])[] = [];
  const cutOff: Records = {
    ...records,
    async writeBatch(lease, batch) {
      const calls = lost.length;
      // The first is applied although nobody hears so; the second arrives when all else is done.
      if (calls < 2) lost.push([lease, batch]);
      if (calls === 1) throw new RecordsUnavailable('lost on its way');
      const written = await records.writeBatch(lease, batch);
      if (calls === 0) throw new RecordsUnavailable('answer lost');
      return written;
    },
  };
  /** More arrives with every look. */
  let arrived = 5;
  const loop = startRecordingLoop({
    streams: {
      shards: [SHARD],
      async read(_, after) {
        arrived += 5;
        return entries.slice(0, arrived).filter(({ position }) => comparePositions(position, after) > 0);
      },
      hasBefore: async () => false,
      trim: async () => undefined,
      oldest: async () => undefined,
    },
    shards: createHoldShards({ records: cutOff, owner: 'rec_a', shards: [SHARD], now: () => Date.now() }),
    recordEntries: recordByHand({ records: cutOff, sealer, blindIndex: createBlindIndex(ring) }),
    observer: quietObserver,
  });
  const cursor = async () => (await records.cursors()).find(({ id }) => id === SHARD);
  await eventually('all recorded', 15_000, async () => ((await cursor())?.position === last ? true : undefined));
  expect(lost).toHaveLength(2);
  // The shard is still held.
  for (const [lease, batch] of lost) expect(await records.writeBatch(lease, batch)).toBe('fenced');
  expect(await cursor()).toMatchObject({ position: last, counted: last, owner: 'rec_a' });
  await loop.stop();
});
