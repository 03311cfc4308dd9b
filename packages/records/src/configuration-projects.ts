import {
  type PlanDocument,
  type PlatformSettingsDocument,
  type ProjectDocument,
  plans,
  platformSettings,
  projects,
} from './collections/configuration.ts';
import { pageOf, type Versioned } from './configuration-shelf.ts';
import type { Page, PageCursor, Store } from './store.ts';

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

/** Fields that nobody sets by hand. */
type Bookkeeping = 'id' | 'config_epoch' | 'unpublished_since' | 'created_at' | 'version';

export function createProjects(store: Store) {
  const byId = async (id: string): Promise<ProjectDocument | null> => {
    const [found] = await store.find(projects, { where: { id }, limit: 1 });
    return found ?? null;
  };

  return {
    create: (document: ProjectDocument) => store.insert(projects, document),

    read: byId,

    async list(after: PageCursor | null, limit: number): Promise<Page<ProjectDocument>> {
      const items = await store.find(projects, { limit, ...(after === null ? {} : { after }) });
      return pageOf(items, limit, ({ id }) => id);
    },

    /** Sets fields of the version that was read; what the publishing keeps beside them goes on meanwhile. */
    async change(known: Versioned, set: Partial<Omit<ProjectDocument, Bookkeeping>>): Promise<'changed' | 'stale'> {
      const where = { id: known.id, version: known.version };
      return (await store.change(projects, where, { ...set, version: known.version + 1 })) === 1 ? 'changed' : 'stale';
    },

    async remove({ id, version }: Versioned): Promise<'removed' | 'stale'> {
      return (await store.deleteSome(projects, { id, version }, 1)) === 1 ? 'removed' : 'stale';
    },

    /** Ids of all projects, or of those that have a plan. */
    async ids(plan?: string): Promise<string[]> {
      const found = await store.find(projects, { limit: MANY, ...(plan === undefined ? {} : { where: { plan } }) });
      return found.map(({ id }) => id);
    },

    async epochs(): Promise<{ readonly project: string; readonly epoch: number }[]> {
      const found = await store.find(projects, { limit: MANY });
      return found.map(({ id, config_epoch: epoch }) => ({ project: id, epoch }));
    },

    /** Null when there is no such project. */
    async markChanging(project: string, now: number): Promise<ChangeMark | null> {
      for (;;) {
        const known = await byId(project);
        if (known === null) return null;
        const { unpublished_since: other } = known;
        const at = other === null ? now : Math.max(now, other + 1);
        const where = { id: project, unpublished_since: other };
        if ((await store.change(projects, where, { unpublished_since: at })) === 1) {
          return { project, at, isSole: other === null };
        }
      }
    },

    /** Whoever reads the project's configuration after this has all that was written before, by anybody. */
    async takeEpoch(project: string, now: number): Promise<number | null> {
      for (;;) {
        const known = await byId(project);
        if (known === null) return null;
        const { config_epoch: last } = known;
        const next = Math.max(last + 1, now);
        if ((await store.change(projects, { id: project, config_epoch: last }, { config_epoch: next })) === 1)
          return next;
      }
    },

    /** Nothing when the project has been marked anew. */
    async clearMark({ project, at }: Pick<ChangeMark, 'project' | 'at'>): Promise<void> {
      await store.change(projects, { id: project, unpublished_since: at }, { unpublished_since: null });
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

export function createPlans(store: Store) {
  return {
    create: (document: PlanDocument) => store.insert(plans, document),

    async read(id: string): Promise<PlanDocument | null> {
      const [found] = await store.find(plans, { where: { id }, limit: 1 });
      return found ?? null;
    },

    async list(after: PageCursor | null, limit: number): Promise<Page<PlanDocument>> {
      const items = await store.find(plans, { limit, ...(after === null ? {} : { after }) });
      return pageOf(items, limit, ({ id }) => id);
    },

    async change(
      known: PlanDocument,
      set: Partial<Pick<PlanDocument, 'name' | 'monthly_sends' | 'updated_at'>>,
    ): Promise<'changed' | 'stale'> {
      const where = { id: known.id, version: known.version };
      return (await store.change(plans, where, { ...set, version: known.version + 1 })) === 1 ? 'changed' : 'stale';
    },

    async remove({ id, version }: Versioned): Promise<'removed' | 'stale'> {
      return (await store.deleteSome(plans, { id, version }, 1)) === 1 ? 'removed' : 'stale';
    },
  };
}

const PLATFORM = 'platform';

export function createPlatformSettings(store: Store) {
  return {
    /** Made when they are not there yet. */
    async read(now: number) {
      for (;;) {
        const [found] = await store.find(platformSettings, { where: { id: PLATFORM }, limit: 1 });
        if (found) return found;
        const pause = { all: false, countries: [] };
        await store.insert(platformSettings, { id: PLATFORM, pause, created_at: now, updated_at: now, version: 1 });
      }
    },

    async change(
      known: Versioned,
      set: Pick<PlatformSettingsDocument, 'pause' | 'updated_at'>,
    ): Promise<'changed' | 'stale'> {
      const where = { id: PLATFORM, version: known.version };
      const next = { ...set, version: known.version + 1 };
      return (await store.change(platformSettings, where, next)) === 1 ? 'changed' : 'stale';
    },
  };
}
