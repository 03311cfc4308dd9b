import { decisions, statistics, tokens } from './collections/accounting.ts';
import { audit, projects } from './collections/configuration.ts';
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
const BELONGINGS = [events, receipts, attempts, deliveries, tokens] as const;
const VERIFICATIONS_PER_CHUNK = 100;
const DOCUMENTS_PER_CHUNK = 2_000;
const PROJECTS_MAX = 100_000;
/** More than a chunk's verifications have. */
const EVENTS_MAX = 1_000_000;

/** Verifications opened before these times, ms since the epoch, are due to be deleted. */
export interface Cutoffs {
  /** Of all projects but those of `cutoffs`. */
  readonly cutoff: number;
  /** By project. */
  readonly cutoffs: Readonly<Record<string, number>>;
}

/** A part of what is due: a project's, or, with null, everybody's. */
export interface Due {
  readonly project: string | null;
  readonly before: number;
}

const openedBefore = ({ project, before }: Due) => ({
  ...(project === null ? {} : { project }),
  opened_at: { lt: before },
});

export function createRetention(store: Store) {
  return {
    /** By project, how many days its verifications are kept; null = as long as the platform keeps them. */
    async readRetentions(): Promise<Map<string, number | null>> {
      const found = await store.find(projects, { limit: PROJECTS_MAX });
      return new Map(found.map(({ id, retention_days }) => [id, retention_days]));
    },

    /**
     * From when on a project's verifications are kept with all that belongs to them: when the first of these was opened, ms
     * since the epoch; null when there is none. A sweep that was cut off leaves some of the oldest with a part of their events.
     */
    async readKeptSince(project: string): Promise<number | null> {
      const oldest = await store.find(verifications, {
        where: { project },
        sort: { by: 'opened_at' },
        limit: VERIFICATIONS_PER_CHUNK,
      });
      const ids = oldest.map(({ id }) => id);
      const theirs = await store.find(events, { where: { verification: { in: ids } }, limit: EVENTS_MAX });
      const recorded = Map.groupBy(theirs, ({ verification }) => verification);
      const cut = oldest.findLastIndex(({ id, applied_seq }) => (recorded.get(id)?.length ?? 0) < applied_seq);
      return (oldest[cut + 1] ?? oldest.at(-1))?.opened_at ?? null;
    },

    /** Counts what there is and what is due, and stores it as the day's report; the first one of a day stays. */
    async beginReport(day: string, cutoffs: Cutoffs, now: number): Promise<ReportDocument> {
      const known = await readReport(day);
      if (known) return known;
      const [byStatus, byPurpose, due] = await Promise.all([
        store.countBy(verifications, 'status'),
        store.countBy(verifications, 'purpose'),
        countDue(cutoffs),
      ]);
      const report = {
        id: day,
        total: [...byStatus.values()].reduce((sum, count) => sum + count, 0),
        active: byStatus.get('pending') ?? 0,
        expired: byStatus.get('expired') ?? 0,
        used: byStatus.get('approved') ?? 0,
        by_type: Object.fromEntries(byPurpose),
        ...cutoffs,
        due,
        deleted: 0,
        made_at: now,
      };
      await store.write([add(reports, [report])]);
      return (await readReport(day)) ?? report;
    },

    /** Deletes some of the oldest verifications that are due, with all that belongs to them; returns how many. */
    async deleteVerifications(due: Due): Promise<number> {
      const oldest = await store.find(verifications, {
        where: openedBefore(due),
        sort: { by: 'opened_at' },
        limit: VERIFICATIONS_PER_CHUNK,
      });
      if (oldest.length === 0) return 0;
      const ids = oldest.map(({ id }) => id);
      for (const collection of BELONGINGS) await deleteAll(collection, { verification: { in: ids } });
      await deleteAll(verifications, { id: { in: ids } });
      return ids.length;
    },

    /** Why things were sent or not, as old as the verifications that are due. */
    async deleteDecisions({ project, before }: Due): Promise<void> {
      await deleteAll(decisions, { ...(project === null ? {} : { project }), at: { lt: before } });
    },

    async deletePoison(cutoff: number): Promise<void> {
      await deleteAll(poisonEvents, { set_aside_at: { lt: cutoff } });
    },

    async deleteAudit(cutoff: number): Promise<void> {
      await deleteAll(audit, { at: { lt: cutoff } });
    },

    /** Rows whose minute or day began before these times. */
    async deleteStatistics(cutoffs: { readonly minute: number; readonly day: number }): Promise<void> {
      await deleteAll(statistics, { resolution: 'minute', bucket: { lt: cutoffs.minute } });
      await deleteAll(statistics, { resolution: 'day', bucket: { lt: cutoffs.day } });
    },

    /** Completes the day's report from what is left, so that several sweeps of a day, or one that was cut off, agree. */
    async completeReport(day: string): Promise<ReportDocument | null> {
      const report = await readReport(day);
      if (!report) return null;
      const left = await countDue({ cutoff: report.cutoff, cutoffs: report.cutoffs ?? {} });
      await store.change(reports, { id: day }, { deleted: report.due - left });
      return readReport(day);
    },

    readReport,
  };

  async function readReport(day: string): Promise<ReportDocument | null> {
    const [report] = await store.find(reports, { where: { id: day }, limit: 1 });
    return report ?? null;
  }

  /** Of a project with a cutoff of its own, what everybody's cutoff would take is not due by that. */
  async function countDue({ cutoff, cutoffs }: Cutoffs): Promise<number> {
    const count = (due: Due) => store.count(verifications, openedBefore(due));
    const own = Object.entries(cutoffs).map(async ([project, before]) => {
      const [due, byAll] = await Promise.all([count({ project, before }), count({ project, before: cutoff })]);
      return due - byAll;
    });
    const counts = await Promise.all([count({ project: null, before: cutoff }), ...own]);
    return counts.reduce((sum, one) => sum + one, 0);
  }

  async function deleteAll(
    collection:
      | (typeof BELONGINGS)[number]
      | typeof verifications
      | typeof poisonEvents
      | typeof decisions
      | typeof audit
      | typeof statistics,
    where: object,
  ): Promise<void> {
    while ((await store.deleteSome(collection, where, DOCUMENTS_PER_CHUNK)) === DOCUMENTS_PER_CHUNK);
  }
}
