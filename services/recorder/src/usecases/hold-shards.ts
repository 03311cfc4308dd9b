import type { ShardCursor, ShardLease } from '@watchword/records';
import { planLeases } from '../domain/shares.ts';
import type { RecordStore } from '../ports.ts';

/** A shard this recorder may record, and how far it has come. */
export interface HeldShard {
  readonly lease: ShardLease;
  /** Of the last recorded entry. */
  position: string;
  /** Whether the stream was trimmed up to there. */
  isTrimmed: boolean;
}

export interface HoldShardsDeps {
  readonly records: RecordStore;
  readonly owner: string;
  readonly shards: readonly string[];
  /** On a clock that all recorders share. */
  readonly now: () => number;
}

/** A dead recorder's shards are free after this; it is renewed four times as often. */
const LEASE_MS = 4_000;
export const RENEW_EVERY_MS = LEASE_MS / 4;
const FORGET_DEAD_MS = 24 * 3600 * 1000;

/** This recorder's part of the shards. */
export function createHoldShards({ records, owner, shards, now }: HoldShardsDeps) {
  const held = new Map<string, HeldShard>();

  function hold({ id: shard, epoch, position }: Pick<ShardCursor, 'id' | 'epoch' | 'position'>): void {
    held.set(shard, { lease: { shard, owner, epoch, position }, position, isTrimmed: false });
  }

  /** The table counts: a shard may have been taken, or not been given back, by a call whose answer was lost. */
  function holdWhatIsOurs(cursors: readonly ShardCursor[]): void {
    const ours = cursors.filter((cursor) => cursor.owner === owner);
    const epochs = new Map(ours.map(({ id, epoch }) => [id, epoch]));
    for (const [shard, { lease }] of held) if (epochs.get(shard) !== lease.epoch) held.delete(shard);
    for (const cursor of ours) if (!held.has(cursor.id)) hold(cursor);
  }

  return {
    held: held as ReadonlyMap<string, HeldShard>,

    /**
     * Renews what is held, forgets what was lost, takes what is free up to a fair share, and gives back what is beyond it.
     * `onStep` is called before each of these, which are bounded in time one by one.
     */
    async refresh(onStep: () => void = () => undefined): Promise<void> {
      const startedAt = now();
      const table = await records.renewLeases(owner, startedAt + LEASE_MS, shards);
      holdWhatIsOurs(table.cursors);
      const plan = planLeases(table, owner, now());
      for (const shard of plan.release) {
        onStep();
        const lease = held.get(shard)?.lease;
        held.delete(shard);
        if (lease) await records.releaseShard(lease);
      }
      for (const cursor of plan.take) {
        onStep();
        const lease = await records.takeShard(cursor, owner, now() + LEASE_MS);
        if (lease) hold({ ...lease, id: lease.shard });
        // What is held is to be renewed by now; the rest is taken the next time.
        if (now() - startedAt >= RENEW_EVERY_MS) return;
      }
    },

    /** Another recorder has it now, or its cursor is elsewhere: held again, if it is ours, as the next table shows it. */
    lose(shard: string): void {
      held.delete(shard);
    },

    /** What is held is free for others at once. */
    async leave(): Promise<void> {
      held.clear();
      await records.leave(owner);
    },

    forgetDead: () => records.forgetRecorders(now() - FORGET_DEAD_MS),
  };
}

export type HoldShards = ReturnType<typeof createHoldShards>;
