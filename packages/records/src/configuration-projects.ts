import {
  type KeptProject,
  type PlanDocument,
  type PlatformSettingsDocument,
  type ProjectDocument,
  plans,
  platformSettings,
  projects,
} from './collections/configuration.ts';
import { createMarking } from './configuration-marks.ts';
import { pageOf, type Versioned } from './configuration-shelf.ts';
import type { Page, PageCursor, Store } from './store.ts';

const MANY = 100_000;

const THERE = ['active', 'suspended'] as const;
const isThere = (project: KeptProject): project is ProjectDocument => project.status !== 'deleted';

/** Fields that nobody sets by hand. */
type Bookkeeping = 'id' | 'config_epoch' | 'unpublished_since' | 'created_at' | 'version';

export function createProjects(store: Store) {
  const readKept = async (id: string): Promise<KeptProject | null> => {
    const [found] = await store.find(projects, { where: { id }, limit: 1 });
    return found ?? null;
  };
  const marking = createMarking(store, readKept);

  return {
    create: (document: ProjectDocument) => store.insert(projects, document),

    async read(id: string): Promise<ProjectDocument | null> {
      const found = await readKept(id);
      return found !== null && isThere(found) ? found : null;
    },

    /** Also one that was deleted. */
    readKept,

    async list(after: PageCursor | null, limit: number): Promise<Page<ProjectDocument>> {
      const filter = { status: { in: [...THERE] } };
      const items = await store.find(projects, { filter, limit, ...(after === null ? {} : { after }) });
      return pageOf(items.filter(isThere), limit, ({ id }) => id);
    },

    /** Sets fields of the version that was read; what the publishing keeps beside them goes on meanwhile. */
    async change(known: Versioned, set: Partial<Omit<ProjectDocument, Bookkeeping>>): Promise<'changed' | 'stale'> {
      const where = { id: known.id, version: known.version };
      return (await store.change(projects, where, { ...set, version: known.version + 1 })) === 1 ? 'changed' : 'stale';
    },

    /**
     * Nobody finds it after this; what is left of it keeps its copy empty, whatever Redis was restored from, and says how
     * long what it has sent is kept.
     */
    async remove({ id, version }: Versioned, now: number): Promise<'removed' | 'stale'> {
      const where = { id, version };
      const gone = { name: '', status: 'deleted', plan: null, updated_at: now, version: version + 1 } as const;
      return (await store.change(projects, where, gone)) === 1 ? 'removed' : 'stale';
    },

    /** One that was never to be there: no key or copy of it is known to anybody. */
    async withdraw(id: string): Promise<void> {
      await store.deleteSome(projects, { id }, 1);
    },

    /** Whether there is, or was, any. */
    async isEmpty(): Promise<boolean> {
      return (await store.find(projects, { limit: 1 })).length === 0;
    },

    /** Ids of all projects, also of deleted ones, or of those that have a plan. */
    async ids(plan?: string): Promise<string[]> {
      const found = await store.find(projects, { limit: MANY, ...(plan === undefined ? {} : { where: { plan } }) });
      return found.map(({ id }) => id);
    },

    async epochs(): Promise<{ readonly project: string; readonly epoch: number }[]> {
      const found = await store.find(projects, { limit: MANY });
      return found.map(({ id, config_epoch: epoch }) => ({ project: id, epoch }));
    },

    ...marking,
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
