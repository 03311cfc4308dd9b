import type { ShardCursor } from '@watchword/records';
import { expect, test } from 'vitest';
import { planLeases } from './shares.ts';

const NOW = 1_000;
const SHARDS = 64;

/** Lets recorders plan and act in turn, until nobody wants anything. */
function settle(names: readonly string[], cursors: ShardCursor[]): Map<string, number> {
  const recorders = names.map((id) => ({ id, alive_until: NOW + 1 }));
  for (let round = 0; round < 5; round += 1) {
    for (const name of names) {
      const plan = planLeases({ recorders, cursors }, name, NOW);
      for (const { id } of plan.take) give(cursors, id, name);
      for (const id of plan.release) give(cursors, id, null);
    }
  }
  return new Map(names.map((name) => [name, cursors.filter(({ owner }) => owner === name).length]));
}

function give(cursors: ShardCursor[], id: string, owner: string | null, until = owner === null ? 0 : NOW + 1): void {
  const at = cursors.findIndex((cursor) => cursor.id === id);
  cursors[at] = { ...(cursors[at] as ShardCursor), owner, leased_until: until };
}

const freeShards = (): ShardCursor[] =>
  Array.from({ length: SHARDS }, (_, id) => ({
    id: String(id),
    position: '0-0',
    counted: null,
    owner: null,
    epoch: 0,
    leased_until: 0,
  }));

test.each([1, 2, 3, 5, 64, 70])('%i recorders hold all shards, none more than one above another', (count) => {
  const names = Array.from({ length: count }, (_, index) => `r${index}`);
  const shares = [...settle(names, freeShards()).values()];
  expect(shares.reduce((sum, share) => sum + share, 0)).toBe(SHARDS);
  expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
});

test('one that comes gets its share from the others, and one that is dead leaves its own', () => {
  const cursors = freeShards();
  settle(['r0', 'r1'], cursors);
  expect([...settle(['r0', 'r1', 'r2'], cursors).values()]).toEqual([22, 21, 21]);
  // r1 is no longer there, and its leases have ended.
  for (const { id, owner } of cursors) if (owner === 'r1') give(cursors, id, owner, NOW);
  expect([...settle(['r0', 'r2'], cursors).values()]).toEqual([32, 32]);
});

test('what another holds and renews is not taken, however unfair its share', () => {
  const cursors = freeShards();
  for (const { id } of cursors) give(cursors, id, 'greedy');
  const recorders = [{ id: 'greedy', alive_until: NOW + 1 }];
  expect(planLeases({ recorders, cursors }, 'me', NOW).take).toEqual([]);
});
