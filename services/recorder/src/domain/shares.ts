import type { LeaseTable, ShardCursor } from '@watchword/records';

export interface LeasePlan {
  /** Free shards up to this recorder's share. */
  readonly take: readonly ShardCursor[];
  /** Shards it holds beyond its share. */
  readonly release: readonly string[];
}

/**
 * What one recorder should take and give back, from what all of them see: of n that are there, each may hold an n-th of the
 * shards. Two that plan on tables of different moments may want the same shard; taking is atomic, so one gets it.
 */
export function planLeases(table: LeaseTable, me: string, now: number): LeasePlan {
  const { cursors, recorders } = table;
  const alive = [...new Set([me, ...recorders.filter(({ alive_until }) => alive_until > now).map(({ id }) => id)])];
  const rank = alive.toSorted().indexOf(me);
  const share = Math.floor(cursors.length / alive.length) + (rank < cursors.length % alive.length ? 1 : 0);
  const held = cursors.filter(({ owner }) => owner === me);
  const free = cursors.filter(({ owner, leased_until }) => owner === null || leased_until <= now);
  return {
    take: free.filter(({ owner }) => owner !== me).slice(0, Math.max(0, share - held.length)),
    release: held.slice(share).map(({ id }) => id),
  };
}
