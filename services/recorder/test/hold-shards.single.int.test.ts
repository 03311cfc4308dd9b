import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRecords, type Records } from '@watchword/records';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createHoldShards } from '../src/usecases/hold-shards.ts';

const SHARDS = ['00', '01', '02', '03'];

let directory: string;
let records: Records;
let now = 0;
beforeEach(async () => {
  now = Date.now();
  directory = mkdtempSync(join(tmpdir(), 'watchword-shards-'));
  records = await openRecords({ file: join(directory, 'records.db') });
});
afterEach(async () => {
  await records.close();
  rmSync(directory, { recursive: true, force: true });
});

const holder = (owner: string, changes: Partial<Records> = {}) =>
  createHoldShards({ records: { ...records, ...changes }, owner, shards: SHARDS, now: () => now });

test('a shard that was taken by a call whose answer was lost is held from the next renewal on', async () => {
  let isLost = true;
  const first = holder('rec_a', {
    async takeShard(...call) {
      const lease = await records.takeShard(...call);
      if (isLost && lease?.shard === '01') {
        isLost = false;
        throw new Error('lost after it was done');
      }
      return lease;
    },
  });
  await expect(first.refresh()).rejects.toThrow('lost');
  await first.refresh();
  expect([...first.held.keys()].toSorted()).toEqual(SHARDS);
  const lease = first.held.get('01')?.lease;
  expect(lease).toEqual({ shard: '01', owner: 'rec_a', epoch: 1, position: '0-0' });
});

test('a shard that could not be given back is given back at the next renewal', async () => {
  let isRefused = true;
  const first = holder('rec_a', {
    async releaseShard(lease) {
      if (!isRefused) return records.releaseShard(lease);
      isRefused = false;
      throw new Error('refused once');
    },
  });
  const second = holder('rec_b');
  await first.refresh();
  await second.refresh();
  await expect(first.refresh()).rejects.toThrow('refused once');
  await first.refresh();
  await second.refresh();
  expect([first.held.size, second.held.size]).toEqual([2, 2]);
});

test('taking shards slowly neither shortens their leases nor keeps what is held from being renewed', async () => {
  const taken: number[] = [];
  let steps = 0;
  const slow = holder('rec_a', {
    async takeShard(cursor, owner, until) {
      taken.push(until - now);
      now += 600;
      return records.takeShard(cursor, owner, until);
    },
  });
  await slow.refresh(() => {
    steps += 1;
  });
  expect([slow.held.size, steps]).toEqual([2, 2]);
  await slow.refresh();
  expect(slow.held.size).toBe(4);
  expect(taken).toEqual([4_000, 4_000, 4_000, 4_000]);
});
