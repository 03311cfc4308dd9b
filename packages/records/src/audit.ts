import { type AuditDocument, audit } from './collections/configuration.ts';
import { pageOf } from './configuration-shelf.ts';
import { add, type Page, type PageCursor, type Store } from './store.ts';

export interface AuditQuery {
  readonly resourceId?: string | undefined;
  readonly after: PageCursor | null;
  readonly limit: number;
}

/** Who changed what. */
export function createAuditTrail(store: Store) {
  return {
    /** Before the change itself, so that none goes unrecorded. */
    async append(document: AuditDocument): Promise<void> {
      await store.write([add(audit, [document])]);
    },

    /** The change did not come about. */
    async withdraw(id: string): Promise<void> {
      await store.deleteSome(audit, { id }, 1);
    },

    /** Of a project, latest first. */
    async list(project: string, { resourceId, after, limit }: AuditQuery): Promise<Page<AuditDocument>> {
      const items = await store.find(audit, {
        where: { project, ...(resourceId === undefined ? {} : { resource_id: resourceId }) },
        sort: { by: 'at', descending: true },
        limit,
        ...(after === null ? {} : { after }),
      });
      return pageOf(items, limit, ({ at }) => at);
    },
  };
}

export type AuditTrail = ReturnType<typeof createAuditTrail>;
