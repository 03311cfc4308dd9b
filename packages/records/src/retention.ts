import {
  attempts,
  deliveries,
  events,
  poisonEvents,
  type ReportDocument,
  receipts,
  reports,
  verifications,
} from './collections.ts';
import { add, type Store } from './store.ts';

/** What belongs to a verification goes before it: an interrupted sweep finds the rest by the verification. */
const BELONGINGS = [events, receipts, attempts, deliveries] as const;
const VERIFICATIONS_PER_CHUNK = 100;
const DOCUMENTS_PER_CHUNK = 2_000;

export function createRetention(store: Store) {
  return {
    /** Counts what there is and what is due, and stores it as the day's report; the first one of a day stays. */
    async beginReport(day: string, cutoff: number, now: number): Promise<ReportDocument> {
      const known = await readReport(day);
      if (known) return known;
      const [byStatus, byPurpose, due] = await Promise.all([
        store.countBy(verifications, 'status'),
        store.countBy(verifications, 'purpose'),
        store.count(verifications, { opened_at: { lt: cutoff } }),
      ]);
      const report = {
        id: day,
        total: [...byStatus.values()].reduce((sum, count) => sum + count, 0),
        active: byStatus.get('pending') ?? 0,
        expired: byStatus.get('expired') ?? 0,
        used: byStatus.get('approved') ?? 0,
        by_type: Object.fromEntries(byPurpose),
        cutoff,
        due,
        deleted: 0,
        made_at: now,
      };
      await store.write([add(reports, [report])]);
      return (await readReport(day)) ?? report;
    },

    /** Deletes some of the oldest verifications opened before `cutoff`, with all that belongs to them; returns how many. */
    async deleteVerifications(cutoff: number): Promise<number> {
      const oldest = await store.find(verifications, {
        where: { opened_at: { lt: cutoff } },
        sort: { by: 'opened_at' },
        limit: VERIFICATIONS_PER_CHUNK,
      });
      if (oldest.length === 0) return 0;
      const ids = oldest.map(({ id }) => id);
      for (const collection of BELONGINGS) await deleteAll(collection, { verification: { in: ids } });
      await deleteAll(verifications, { id: { in: ids } });
      return ids.length;
    },

    async deletePoison(cutoff: number): Promise<void> {
      await deleteAll(poisonEvents, { set_aside_at: { lt: cutoff } });
    },

    /** Completes the day's report from what is left, so that several sweeps of a day, or one that was cut off, agree. */
    async completeReport(day: string): Promise<ReportDocument | null> {
      const report = await readReport(day);
      if (!report) return null;
      const left = await store.count(verifications, { opened_at: { lt: report.cutoff } });
      await store.change(reports, { id: day }, { deleted: report.due - left });
      return readReport(day);
    },

    readReport,
  };

  async function readReport(day: string): Promise<ReportDocument | null> {
    const [report] = await store.find(reports, { where: { id: day }, limit: 1 });
    return report ?? null;
  }

  async function deleteAll(
    collection: (typeof BELONGINGS)[number] | typeof verifications | typeof poisonEvents,
    where: object,
  ): Promise<void> {
    while ((await store.deleteSome(collection, where, DOCUMENTS_PER_CHUNK)) === DOCUMENTS_PER_CHUNK);
  }
}
