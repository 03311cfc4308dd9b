import type { Collection, DocumentOf } from './collection.ts';
import { factors, invitations, users } from './collections/accounts.ts';
import { lists, providers, webhooks } from './collections/configuration.ts';
import { verifications } from './collections.ts';
import type { PageCursor, Store, Where } from './store.ts';

/** What holds sealed values, each document with the id of their key in `seal_key`. */
const SEALED = { verifications, providers, lists, webhooks, users, invitations, factors } as const;
export type SealedCollections = typeof SEALED;
export type SealedCollection = keyof SealedCollections;
export type SealedDocument<Name extends SealedCollection> = DocumentOf<SealedCollections[Name]>;

/** A key that is another than this one; two ranges, since an index finds no `not`. */
export type OtherKey = { readonly lt: number } | { readonly gt: number };

export function createResealing(store: Store) {
  return {
    /** Documents that stand under another key than the current one, by that key; what was erased has none. */
    async listUnderOtherKey<Name extends SealedCollection>(
      name: Name,
      field: 'seal_key' | 'destination_index_key' | 'email_index_key',
      key: OtherKey,
      after: PageCursor | null,
      limit: number,
    ): Promise<{ readonly items: SealedDocument<Name>[]; readonly next: PageCursor | null }> {
      const collection = SEALED[name] as Collection;
      const found = await store.find(collection, {
        where: { [field]: key },
        sort: { by: field },
        limit,
        ...(after === null ? {} : { after }),
      });
      const items = found as unknown as SealedDocument<Name>[];
      const last = found.at(-1) as (Readonly<Record<string, number>> & { readonly id: string }) | undefined;
      const next = last && found.length === limit ? { value: last[field] ?? 0, id: last.id } : null;
      return { items, next };
    },

    /** False when the document does not stand under the keys any more that it was read with. */
    async reseal<Name extends SealedCollection>(
      name: Name,
      where: Where<SealedCollections[Name]> & { readonly id: string },
      set: Partial<SealedDocument<Name>>,
    ): Promise<boolean> {
      const changed = await store.change(SEALED[name], where, set);
      return changed === 1;
    },
  };
}
