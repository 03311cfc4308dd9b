import { type quotas, type statistics, type TokenDocument, tokens } from './collections/accounting.ts';
import {
  type AttemptDocument,
  attempts,
  type DeliveryDocument,
  deliveries,
  type EventDocument,
  events,
  type PoisonDocument,
  poisonEvents,
  type ReceiptDocument,
  receipts,
  shardCursors,
  type VerificationDocument,
  verifications,
} from './collections.ts';
import { countUpTo, isHeld, moveCursor, type ShardLease } from './leases.ts';
import { dueTallies, type ShardTally } from './statistics.ts';
import { add, put, RecordsUnavailable, type Store, type Write } from './store.ts';

/** What is recorded of one verification, beside its events. */
export interface RecordedState {
  readonly verification: VerificationDocument;
  /** In the order of their ordinals. */
  readonly deliveries: readonly DeliveryDocument[];
  /** In the order of `compareAttempts`. */
  readonly attempts: readonly AttemptDocument[];
}

/** By delivery and ordinal; a state has one order, however it was come by. */
export function compareAttempts(left: AttemptDocument, right: AttemptDocument): number {
  if (left.delivery !== right.delivery) return left.delivery < right.delivery ? -1 : 1;
  return left.ordinal - right.ordinal;
}

export interface Batch {
  /** Of the last event in it. */
  readonly position: string;
  readonly events: readonly EventDocument[];
  readonly verifications: readonly VerificationDocument[];
  readonly deliveries: readonly DeliveryDocument[];
  readonly attempts: readonly AttemptDocument[];
  readonly receipts: readonly ReceiptDocument[];
  readonly tokens: readonly TokenDocument[];
  /** What its events add to statistics and quotas, each once. */
  readonly tallies: readonly ShardTally[];
  readonly poison: readonly PoisonDocument[];
}

/** More than the deliveries or attempts of a batch's verifications can be. */
const DOCUMENTS_MAX = 1_000_000;
const COUNT_TRIES_MAX = 5;

export function createBatches(store: Store) {
  return {
    /** What is recorded of these verifications: the base on which their next events are folded. */
    async readStates(ids: readonly string[]): Promise<Map<string, RecordedState>> {
      const ofThese = { where: { verification: { in: ids } }, limit: DOCUMENTS_MAX };
      const [known, theirDeliveries, theirAttempts] = await Promise.all([
        store.find(verifications, { where: { id: { in: ids } }, limit: ids.length }),
        store.find(deliveries, ofThese),
        store.find(attempts, ofThese),
      ]);
      const deliveriesOf = Map.groupBy(theirDeliveries, ({ verification }) => verification);
      const attemptsOf = Map.groupBy(theirAttempts, ({ verification }) => verification);
      return new Map(
        known.map((verification) => [
          verification.id,
          {
            verification,
            deliveries: (deliveriesOf.get(verification.id) ?? []).toSorted((a, b) => a.ordinal - b.ordinal),
            attempts: (attemptsOf.get(verification.id) ?? []).toSorted(compareAttempts),
          },
        ]),
      );
    },

    /** Those of these events that are recorded, by their ids. */
    async findEvents(ids: readonly string[]): Promise<Map<string, EventDocument>> {
      const found = await store.find(events, { where: { id: { in: ids } }, limit: ids.length });
      return new Map(found.map((event) => [event.id, event]));
    },

    /** Up to which of a shard's events statistics and quotas have counted; null when nobody knows. */
    async readCounted(shard: string): Promise<string | null> {
      const [cursor] = await store.find(shardCursors, { where: { id: shard }, limit: 1 });
      return cursor?.counted ?? null;
    },

    /**
     * Writes what a shard's events led to and moves its cursor from the lease's position. `fenced`: the shard has another
     * owner, or its cursor is elsewhere (this was written already, or an earlier write arrived late), and nothing is kept (a
     * backend without transactions may keep what whoever goes on writes as well).
     *
     * What is counted comes first, each document from the position it has come to; then how far this shard was counted; then
     * the states. So a state that has taken in an event tells whoever reads it, and after it how far was counted, that the
     * event has been counted: it is never counted again on a state of which only a part was written.
     */
    async writeBatch(lease: ShardLease, batch: Batch): Promise<'written' | 'fenced'> {
      for (let tries = 0; tries < COUNT_TRIES_MAX; tries += 1) {
        const counting = await countingWrites(lease.shard, batch.tallies);
        const written = await store.write([
          ...counting,
          countUpTo(lease, batch.position),
          ...recordingWrites(batch, lease),
        ]);
        if (written) return 'written';
        if (!(await isHeld(store, lease))) return 'fenced';
        // A write of ours whose answer was lost has counted meanwhile.
      }
      throw new RecordsUnavailable('Others count the same events');
    },
  };

  async function countingWrites(shard: string, batch: readonly ShardTally[]): Promise<Write[]> {
    if (batch.length === 0) return [];
    const writes: Write[] = [];
    for (const [collection, tallies] of Map.groupBy(batch, (tally) => tally.collection)) {
      const ids = tallies.map(({ id }) => id);
      const known = await store.find<typeof statistics | typeof quotas>(collection, {
        where: { id: { in: ids } },
        limit: ids.length,
      });
      const counted = new Map(known.map(({ id, positions }) => [id, positions[shard]]));
      writes.push({ kind: 'tally', collection, documents: dueTallies(shard, tallies, counted) });
    }
    return writes;
  }
}

function recordingWrites(batch: Batch, lease: ShardLease): Write[] {
  return [
    add(events, batch.events),
    put(verifications, batch.verifications),
    put(deliveries, batch.deliveries),
    put(attempts, batch.attempts),
    add(receipts, batch.receipts),
    add(tokens, batch.tokens),
    add(poisonEvents, batch.poison),
    moveCursor(lease, batch.position),
  ];
}
