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
  type VerificationDocument,
  verifications,
} from './collections.ts';
import { moveCursor, type ShardLease } from './leases.ts';
import { add, put, type Store } from './store.ts';

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
  readonly poison: readonly PoisonDocument[];
}

/** More than the deliveries or attempts of a batch's verifications can be. */
const DOCUMENTS_MAX = 1_000_000;

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

    /**
     * Writes what a shard's events led to and moves its cursor. Written again, it changes nothing. `fenced`: the shard has
     * another owner, and nothing is kept (a backend without transactions may keep what the new owner writes as well).
     */
    async writeBatch(lease: ShardLease, batch: Batch): Promise<'written' | 'fenced'> {
      const written = await store.write([
        add(events, batch.events),
        put(verifications, batch.verifications),
        put(deliveries, batch.deliveries),
        put(attempts, batch.attempts),
        add(receipts, batch.receipts),
        add(poisonEvents, batch.poison),
        moveCursor(lease, batch.position),
      ]);
      return written ? 'written' : 'fenced';
    },
  };
}
