import { type ChangeList, type CreateList, LIST_ENTRIES_MAX, LISTS_MAX, type PageQuery } from '@watchword/contracts';
import { AppError, type HopContext } from '@watchword/platform';
import type { ListDocument } from '@watchword/records';
import { type Sealer, unsealIfHeld } from '@watchword/verifications';
import { z } from 'zod';
import { toList } from '../domain/answers.ts';
import { newId } from '../domain/new-id.ts';
import { decodeCursor, encodeCursor, type PagedList } from '../domain/page-cursor.ts';
import { refuseField } from '../domain/refusals.ts';
import type { ConfigurationStore } from '../ports.ts';
import { type ChangeResourceDeps, createChangeResource } from './change-resource.ts';

export interface ListsDeps extends ChangeResourceDeps {
  readonly shelf: ConfigurationStore['lists'];
  readonly sealer: Sealer;
}

const entriesSchema = z.array(z.string());

export function createListUseCases({ shelf, sealer, ...deps }: ListsDeps) {
  const lists = createChangeResource(
    {
      noun: 'list',
      plural: 'lists',
      most: LISTS_MAX,
      shelf,
      toAnswer: toList,
      unique: 'The project has a list of this name already.',
    },
    deps,
  );

  function seal(id: string, given: Iterable<string>) {
    const entries = [...new Set(given)].toSorted();
    if (entries.length > LIST_ENTRIES_MAX) {
      throw refuseField('limit_reached', '/add', `a list has at most ${LIST_ENTRIES_MAX} entries`);
    }
    const sealed = sealer.seal(JSON.stringify(entries), id, 'entries');
    return { entries: sealed, seal_key: sealed[0] ?? 0, size: entries.length };
  }

  /** Sorted. */
  function unseal({ id, entries }: ListDocument): string[] {
    const text = unsealIfHeld(sealer, entries, id, 'entries');
    if (text === undefined) {
      throw new AppError('not_found', {
        detail: 'The key that the entries were sealed under was retired: give all entries again.',
      });
    }
    return entriesSchema.parse(JSON.parse(text));
  }

  return {
    read: lists.read,
    remove: lists.remove,

    async readEntries(id: string, { limit, cursor }: PageQuery, context: HopContext) {
      // A place, not an entry: a cursor stands in URLs, where no number belongs.
      const places: PagedList = { of: ['entries', context.project, id], by: 'number' };
      const start = Number(decodeCursor(cursor, places)?.value ?? 0);
      const all = unseal(await lists.read(context, id));
      const end = start + limit;
      const next = end < all.length ? { value: end, id } : null;
      return { items: all.slice(start, end), next_cursor: encodeCursor(next, places) };
    },

    createList: ({ name, kind, entries }: CreateList, context: HopContext): Promise<ListDocument> =>
      lists.create(context, (now) => {
        const id = newId('lst', now);
        const dates = { created_at: now, updated_at: now, version: 1 };
        return { id, project: context.project, name, kind, ...seal(id, entries), ...dates };
      }),

    changeList: (id: string, wanted: ChangeList, context: HopContext): Promise<ListDocument> =>
      lists.change(context, id, (known) => {
        const { name = known.name, entries, add, remove } = wanted;
        if (entries !== undefined) return { name, ...seal(id, entries) };
        if (add === undefined && remove === undefined) return { name };
        const removed = new Set(remove);
        return { name, ...seal(id, [...unseal(known).filter((entry) => !removed.has(entry)), ...(add ?? [])]) };
      }),
  };
}
