import { type KeptProject, projects } from './collections/configuration.ts';
import type { Store } from './store.ts';

const MANY = 100_000;

/**
 * Says that something of a project is about to change and is not published yet. `isSole` when nobody else's mark was there:
 * only such a mark may be cleared by who set it, since another's change may be between its mark and its write.
 */
export interface ChangeMark {
  readonly project: string;
  /** When it was set, ms; no two marks of a project that are there one after the other are the same. */
  readonly at: number;
  readonly isSole: boolean;
}

/** What the publishing keeps of a project beside its version: its mark, and its copy's epoch. */
export function createMarking(store: Store, readKept: (id: string) => Promise<KeptProject | null>) {
  /** Null when there is no such project. */
  async function markChanging(project: string, now: number): Promise<ChangeMark | null> {
    for (;;) {
      const known = await readKept(project);
      if (known === null) return null;
      const { unpublished_since: other } = known;
      const at = other === null ? now : Math.max(now, other + 1);
      const where = { id: project, unpublished_since: other };
      if ((await store.change(projects, where, { unpublished_since: at })) === 1) {
        return { project, at, isSole: other === null };
      }
    }
  }

  return {
    markChanging,

    /** Marks all projects, those that nobody else has marked at once. */
    async markAllChanging(now: number): Promise<ChangeMark[]> {
      const marked = await store.change(projects, { unpublished_since: null }, { unpublished_since: now });
      const all = await store.find(projects, { limit: MANY });
      const same = all.filter(({ unpublished_since: at }) => at === now);
      // More than were marked here: another's mark is of the same millisecond, and which one it is cannot be told.
      const ours = new Set(same.length === marked ? same.map(({ id }) => id) : []);
      const marks: ChangeMark[] = [];
      for (const { id } of all) {
        const mark = ours.has(id) ? { project: id, at: now, isSole: true } : await markChanging(id, now);
        if (mark !== null) marks.push(mark);
      }
      return marks;
    },

    /** Whoever reads the project's configuration after this has all that was written before, by anybody. */
    async takeEpoch(project: string, now: number): Promise<number | null> {
      for (;;) {
        const known = await readKept(project);
        if (known === null) return null;
        const { config_epoch: last } = known;
        const next = Math.max(last + 1, now);
        if ((await store.change(projects, { id: project, config_epoch: last }, { config_epoch: next })) === 1)
          return next;
      }
    },

    /** Nothing where the project has been marked anew. */
    async clearMarks(marks: readonly Pick<ChangeMark, 'project' | 'at'>[]): Promise<void> {
      for (const [at, sameTime] of Map.groupBy(marks, (mark) => mark.at)) {
        const id = { in: sameTime.map(({ project }) => project) };
        await store.change(projects, { id, unpublished_since: at }, { unpublished_since: null });
      }
    },

    /** Marked before that time, longest first. */
    async unpublished(before: number): Promise<{ readonly project: string; readonly at: number }[]> {
      const found = await store.find(projects, {
        where: { unpublished_since: { lt: before } },
        sort: { by: 'unpublished_since' },
        limit: MANY,
      });
      return found.map(({ id, unpublished_since: at }) => ({ project: id, at: at ?? 0 }));
    },
  };
}
