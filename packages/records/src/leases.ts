import { recorders, type ShardCursor, shardCursors } from './collections.ts';
import { add, requireChange, type Store } from './store.ts';

/** The right to record one shard behind a position: a newer epoch ends it, and so does a cursor that has moved. */
export interface ShardLease {
  readonly shard: string;
  readonly owner: string;
  readonly epoch: number;
  /** Of the last recorded event. */
  readonly position: string;
}

/** Who is there, and who holds what. */
export interface LeaseTable {
  readonly recorders: readonly { readonly id: string; readonly alive_until: number }[];
  readonly cursors: readonly ShardCursor[];
}

const BEGINNING = '0-0';
const ROWS_MAX = 10_000;

/** Shards are leased, so that several recorders share them and a dead one's move on. Times are ms on a clock they share. */
export function createLeases(store: Store) {
  return {
    /** Says that a recorder is there until `until`, prolongs what it holds, and answers the whole table. */
    async renewLeases(owner: string, until: number, shards: readonly string[]): Promise<LeaseTable> {
      await store.change(shardCursors, { owner }, { leased_until: until });
      if ((await store.change(recorders, { id: owner }, { alive_until: until })) === 0) {
        await store.write([add(recorders, [{ id: owner, alive_until: until }])]);
      }
      const [alive, cursors] = await Promise.all([
        store.find(recorders, { limit: ROWS_MAX }),
        store.find(shardCursors, { limit: ROWS_MAX }),
      ]);
      const known = new Set(cursors.map(({ id }) => id));
      const missing = shards
        .filter((id) => !known.has(id))
        .map((id) => ({ id, position: BEGINNING, counted: null, owner: null, epoch: 0, leased_until: 0 }));
      if (missing.length > 0) await store.write([add(shardCursors, missing)]);
      return { recorders: alive, cursors: [...cursors, ...missing] };
    },

    /** Takes a shard as the table showed it; null when another was faster. Whoever held it before is fenced. */
    async takeShard(
      { id, epoch, leased_until }: ShardCursor,
      owner: string,
      until: number,
    ): Promise<ShardLease | null> {
      const next = epoch + 1;
      const taken = await store.change(
        shardCursors,
        { id, epoch, leased_until },
        { owner, epoch: next, leased_until: until },
      );
      const [cursor] = taken === 0 ? [] : await store.find(shardCursors, { where: { id }, limit: 1 });
      if (cursor?.owner !== owner || cursor.epoch !== next) return null;
      return { shard: id, owner, epoch: next, position: cursor.position };
    },

    /** Gives a shard back; one that was lost meanwhile stays with its new owner. */
    async releaseShard({ shard, owner, epoch }: ShardLease): Promise<void> {
      await store.change(shardCursors, { id: shard, owner, epoch }, { owner: null, leased_until: 0 });
    },

    /** A recorder that ends: what it holds is free at once. */
    async leave(owner: string): Promise<void> {
      await store.change(shardCursors, { owner }, { owner: null, leased_until: 0 });
      await store.deleteSome(recorders, { id: owner }, 1);
    },

    /** False when somebody else has the shard, or its cursor is elsewhere. */
    isHeld: (lease: ShardLease) => isHeld(store, lease),

    /** Recorders that died long ago are not worth keeping. */
    async forgetRecorders(deadBefore: number): Promise<void> {
      await store.deleteSome(recorders, { alive_until: { lt: deadBefore } }, ROWS_MAX);
    },

    /** Where each shard's recording has come to. */
    async cursors(): Promise<ShardCursor[]> {
      return store.find(shardCursors, { limit: ROWS_MAX });
    },
  };
}

/** The position too: a write of ours that was given up as lost may arrive when later ones have moved the cursor. */
const asHeld = ({ shard: id, owner, epoch, position }: ShardLease) => ({ id, owner, epoch, position });

/** What a write of this lease depends on, and where it moves the cursor. */
export const moveCursor = (lease: ShardLease, position: string) =>
  requireChange(shardCursors, asHeld(lease), { position });

/** Says how far statistics and quotas have counted, as long as the lease holds. */
export const countUpTo = (lease: ShardLease, counted: string) =>
  requireChange(shardCursors, asHeld(lease), { counted });

export async function isHeld(store: Store, lease: ShardLease): Promise<boolean> {
  return (await store.find(shardCursors, { where: asHeld(lease), limit: 1 })).length > 0;
}
