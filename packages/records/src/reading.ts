import type { VerificationEvent } from '@watchword/contracts';
import type { RecordedState } from './batches.ts';
import { type TokenDocument, tokens } from './collections/accounting.ts';
import {
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
import type { Page, PageCursor, Store } from './store.ts';

/** No verification has more events, deliveries or receipts. */
const OF_ONE_MAX = 100_000;

export function createReading(store: Store) {
  const ofOne = (verification: string) => ({ where: { verification }, limit: OF_ONE_MAX });

  async function find(project: string, id: string): Promise<VerificationDocument | null> {
    const [found] = await store.find(verifications, { where: { id }, limit: 1 });
    return found?.project === project ? found : null;
  }

  return {
    /** The state of a project's own verification as far as it is recorded, by its 26 characters; else null. */
    async readVerification(project: string, id: string): Promise<Omit<RecordedState, 'attempts'> | null> {
      const verification = await find(project, id);
      if (!verification) return null;
      const sort = { by: 'ordinal' } as const;
      return { verification, deliveries: await store.find(deliveries, { ...ofOne(id), sort }) };
    },

    /** The recorded events of a project's own verification, in their order; null when there is no such record. */
    async readTimeline(project: string, id: string): Promise<VerificationEvent[] | null> {
      if (!(await find(project, id))) return null;
      const recorded = await store.find(events, { ...ofOne(id), sort: { by: 'seq' } });
      return recorded.map(({ seq, type, at, data }) => ({ seq, type, at: new Date(at).toISOString(), data }));
    },

    /** The recorded events of one verification, as they are stored. */
    async readEvents(id: string): Promise<EventDocument[]> {
      return store.find(events, { ...ofOne(id), sort: { by: 'seq' } });
    },

    /** The same of several, by verification, each in their order. */
    async readEventsOf(ids: readonly string[]): Promise<Map<string, EventDocument[]>> {
      const found = await store.find(events, { where: { verification: { in: ids } }, limit: ids.length * OF_ONE_MAX });
      return Map.groupBy(
        found.toSorted((left, right) => left.seq - right.seq),
        ({ verification }) => verification,
      );
    },

    /** An approval token that was consumed, by its `jti`; else null. */
    async readToken(jti: string): Promise<TokenDocument | null> {
      const [found] = await store.find(tokens, { where: { id: jti }, limit: 1 });
      return found ?? null;
    },

    async readReceipts(id: string): Promise<ReceiptDocument[]> {
      return store.find(receipts, { ...ofOne(id), sort: { by: 'received_at' } });
    },

    /** All verifications, oldest first. */
    async listVerifications(after: PageCursor | null, limit: number): Promise<Page<VerificationDocument>> {
      const items = await store.find(verifications, {
        sort: { by: 'opened_at' },
        limit,
        ...(after === null ? {} : { after }),
      });
      const last = items.at(-1);
      return { items, next: last && items.length === limit ? { value: last.opened_at, id: last.id } : null };
    },

    /** What was set aside, latest first. */
    async listPoison(limit: number): Promise<PoisonDocument[]> {
      return store.find(poisonEvents, { sort: { by: 'set_aside_at', descending: true }, limit });
    },
  };
}
