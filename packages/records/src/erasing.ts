import { type AuditDocument, audit } from './collections/configuration.ts';
import { ADDRESS_INDEXES, type VerificationDocument, verifications } from './collections.ts';
import { isHeld, type ShardLease } from './leases.ts';
import { add, type PageCursor, type Store, type Where } from './store.ts';

const PER_PAGE = 500;

/** What is left of a destination and of whoever had it. */
const BLANK = {
  destination: Buffer.alloc(0),
  seal_key: null,
  destination_index: null,
  second_index: null,
  third_index: null,
  destination_index_key: null,
  context: null,
  user_index: null,
  user_index_key: null,
} as const;

export function createErasing(store: Store) {
  return {
    /** Ids of a project's verifications one of whose addresses has one of these blind indexes, opened until then (ms). */
    async findByDestination(project: string, digests: readonly Buffer[], openedUntil: number): Promise<string[]> {
      const found = new Set<string>();
      for (const field of ADDRESS_INDEXES) {
        for (const digest of digests) {
          const where = { [field]: digest, project, opened_at: { lte: openedUntil } };
          for await (const id of idsOf(where)) found.add(id);
        }
      }
      return [...found];
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

  async function* idsOf(where: Where<typeof verifications>): AsyncGenerator<string> {
    let after: PageCursor | undefined;
    do {
      const page: VerificationDocument[] = await store.find(verifications, {
        where,
        sort: { by: 'opened_at' },
        limit: PER_PAGE,
        ...(after ? { after } : {}),
      });
      yield* page.map(({ id }) => id);
      const last = page.at(-1);
      after = last && page.length === PER_PAGE ? { value: last.opened_at, id: last.id } : undefined;
    } while (after);
  }
}
