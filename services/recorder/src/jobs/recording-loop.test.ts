import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { HeldShard } from '../usecases/hold-shards.ts';
import { type RecordingLoopDeps, startRecordingLoop } from './recording-loop.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const IDS = ['00', '01', '02'];

/** A loop over three shards with one entry each. */
function start(recordEntries: RecordingLoopDeps['recordEntries'], refresh = vi.fn(async () => undefined)) {
  const held = new Map<string, HeldShard>(
    IDS.map((shard) => [
      shard,
      { lease: { shard, owner: 'rec_a', epoch: 1, position: '0-0' }, position: '0-0', isTrimmed: true },
    ]),
  );
  return startRecordingLoop({
    streams: {
      shards: IDS,
      read: async (_, after) => (after === '0-0' ? [{ position: '1-0', fields: {} }] : []),
      hasBefore: async () => false,
      trim: async () => undefined,
      oldest: async () => undefined,
    },
    shards: {
      held,
      refresh,
      lose: (shard) => void held.delete(shard),
      leave: async () => undefined,
      forgetDead: async () => undefined,
    },
    recordEntries,
    observer: {
      recorded: () => undefined,
      batch: () => undefined,
      setAside: () => undefined,
      failing: () => undefined,
      recovered: () => undefined,
    },
  });
}

test('a shard that cannot be recorded yet keeps no other shard from being recorded, and is tried again', async () => {
  const recorded: string[] = [];
  let isToCome = true;
  const loop = start(async ({ shard }) => {
    if (shard === '00' && isToCome) throw new Error('a key is to come');
    recorded.push(shard);
    return 'written';
  });
  await vi.advanceTimersByTimeAsync(0);
  expect(recorded).toEqual(['01', '02']);
  expect(loop.oldestWaiting()).toBe('1-0');
  isToCome = false;
  await vi.advanceTimersByTimeAsync(2_000);
  expect(recorded).toEqual(['01', '02', '00']);
  expect(loop.oldestWaiting()).toBeUndefined();
  await loop.stop();
});

test('entries that are written slowly one by one leave the loop alive and its leases renewed', async () => {
  const refresh = vi.fn(async () => undefined);
  const loop = start(async (_, entries, beforeEntry) => {
    for (let entry = 0; entry < 50 * entries.length; entry += 1) {
      await beforeEntry?.();
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
    return 'written';
  }, refresh);
  await vi.advanceTimersByTimeAsync(45_000);
  await expect(loop.isAlive()).resolves.toBeUndefined();
  expect(refresh.mock.calls.length).toBeGreaterThan(40);
  const stopped = loop.stop();
  await vi.advanceTimersByTimeAsync(10_000);
  await stopped;
});
