import type { Collection, DocumentOf } from './collection.ts';
import type { Page, PageCursor, Store, Where } from './store.ts';

/** What every configured document has. */
export interface Versioned {
  readonly id: string;
  readonly created_at: number;
  readonly version: number;
}

/** `stale`: it has another version by now, or is gone. `exists`: another one has what must be unique. */
export type ChangeOutcome = 'changed' | 'stale' | 'exists';

/** More than there may be of anything in one project. */
const OF_PROJECT_MAX = 10_000;

/** One collection of versioned documents that belong to projects. Another project's document is as good as none. */
export function createShelf<C extends Collection>(store: Store, collection: C, sortBy: 'id' | 'created_at' = 'id') {
  type Document = DocumentOf<C> & Versioned & { readonly project: string };
  const where = (fields: object) => fields as Where<C>;
  const of = (documents: DocumentOf<C>[]) => documents as Document[];

  return {
    create: (document: Document) => store.insert(collection, document),

    async read(project: string, id: string): Promise<Document | null> {
      const [found] = of(await store.find(collection, { where: where({ id }), limit: 1 }));
      return found?.project === project ? found : null;
    },

    /** Of whichever project it is. */
    async find(id: string): Promise<Document | null> {
      const [found] = of(await store.find(collection, { where: where({ id }), limit: 1 }));
      return found ?? null;
    },

    /** A page, in the order in which they were made. */
    async list(project: string, after: PageCursor | null, limit: number): Promise<Page<Document>> {
      const items = of(
        await store.find(collection, {
          where: where({ project }),
          sort: { by: sortBy },
          limit,
          ...(after === null ? {} : { after }),
        }),
      );
      return pageOf(items, limit, (last) => last[sortBy]);
    },

    /** All of a project, or those of it that match. */
    async ofProject(project: string, others: Where<C> = {}): Promise<Document[]> {
      return of(await store.find(collection, { where: where({ ...others, project }), limit: OF_PROJECT_MAX }));
    },

    /** Puts `next` in the place of the version that was read. */
    async change(known: Document, next: Document): Promise<ChangeOutcome> {
      const outcome = await store.replaceIf(collection, where({ id: known.id, version: known.version }), next);
      return outcome === 'replaced' ? 'changed' : outcome === 'missing' ? 'stale' : 'exists';
    },

    async remove({ id, version }: Versioned): Promise<'removed' | 'stale'> {
      return (await store.deleteSome(collection, where({ id, version }), 1)) === 1 ? 'removed' : 'stale';
    },

    /** What was made but may not be, whatever its version. */
    async withdraw(id: string): Promise<void> {
      await store.deleteSome(collection, where({ id }), 1);
    },

    async removeAll(project: string): Promise<void> {
      while ((await store.deleteSome(collection, where({ project }), OF_PROJECT_MAX)) === OF_PROJECT_MAX);
    },
  };
}

export function pageOf<T extends { readonly id: string }>(
  items: readonly T[],
  limit: number,
  valueOf: (last: T) => string | number,
): Page<T> {
  const last = items.at(-1);
  return { items, next: last && items.length === limit ? { value: valueOf(last), id: last.id } : null };
}
