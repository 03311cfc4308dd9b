import { type AuditDocument, audit } from './collections/configuration.ts';
import { verifications } from './collections.ts';
import { isHeld, type ShardLease } from './leases.ts';
import { add, type PageCursor, type Store } from './store.ts';

const PER_PAGE = 500;

/** What is left of a destination and of whoever had it. */
const BLANK = {
  destination: Buffer.alloc(0),
  seal_key: null,
  destination_index: null,
  destination_index_key: null,
  context: null,
  user_index: null,
  user_index_key: null,
} as const;

export function createErasing(store: Store) {
  return {
    /** Ids of a project's verifications that have one of these blind indexes and were opened until then (ms). */
    async findByDestination(project: string, digests: readonly Buffer[], openedUntil: number): Promise<string[]> {
      const ids: string[] = [];
      for (const digest of digests) {
        let after: PageCursor | undefined;
        do {
          const page = await store.find(verifications, {
            where: { destination_index: digest, project, opened_at: { lte: openedUntil } },
            sort: { by: 'opened_at' },
            limit: PER_PAGE,
            ...(after ? { after } : {}),
          });
          ids.push(...page.map(({ id }) => id));
          const last = page.at(-1);
          after = last && page.length === PER_PAGE ? { value: last.opened_at, id: last.id } : undefined;
        } while (after);
      }
      return ids;
    },

    /**
     * Forgets whose verifications these were; what happened to them stays. The audit document comes first, and stays as it is
     * when all of this is done again: only the first time finds everything. `fenced`: whoever has the shard now does the rest.
     */
    async eraseVerifications(
      lease: ShardLease,
      ids: readonly string[],
      erasedAt: number,
      document: AuditDocument,
    ): Promise<'erased' | 'fenced'> {
      if (!(await isHeld(store, lease))) return 'fenced';
      await store.write([add(audit, [document])]);
      for (let from = 0; from < ids.length; from += PER_PAGE) {
        const some = ids.slice(from, from + PER_PAGE);
        if (!(await isHeld(store, lease))) return 'fenced';
        await store.change(verifications, { id: { in: some } }, { ...BLANK, erased_at: erasedAt });
      }
      await store.purge();
      return 'erased';
    },

    purge: () => store.purge(),
  };
}
