import { createHash } from 'node:crypto';
import type { PageQuery } from '@watchword/contracts';
import type { Page, PageCursor } from '@watchword/records';
import { z } from 'zod';
import { refuseField } from './refusals.ts';

/** What a cursor belongs to: in another list its place would look like the end, or like the beginning. */
export interface PagedList {
  /** The collection, then whatever narrows it: the project, filters. Nothing secret. */
  readonly of: readonly [string, ...(string | undefined)[]];
  /** What the list is sorted by. */
  readonly by: 'string' | 'number';
}

const MARK_BYTES = 8;
const cursorSchema = z.tuple([z.union([z.string(), z.number()]), z.string(), z.string()]);

/** Tells lists apart; it is no signature, since a place that somebody makes up shows them nothing that is not theirs. */
const markOf = ({ of }: PagedList) =>
  createHash('sha256')
    .update(JSON.stringify(of.map((part) => part ?? null)))
    .digest()
    .subarray(0, MARK_BYTES)
    .toString('base64url');

/** Callers hand it back as it is. */
export function encodeCursor(cursor: PageCursor | null, list: PagedList): string | null {
  return cursor && Buffer.from(JSON.stringify([cursor.value, cursor.id, markOf(list)])).toString('base64url');
}

/** Null without one. @throws AppError `invalid_request` for one that this list did not give. */
export function decodeCursor(text: string | undefined, list: PagedList): PageCursor | null {
  if (text === undefined) return null;
  try {
    const [value, id, mark] = cursorSchema.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
    if (typeof value === list.by && mark === markOf(list)) return { value, id };
  } catch {
    // Whatever is wrong with it, it is none of ours.
  }
  throw refuseField('invalid_request', '/cursor', 'is not a next_cursor of this list');
}

/** Answers one page of what `read` finds. */
export async function answerPage<D, A>(
  { limit, cursor }: PageQuery,
  list: PagedList,
  read: (after: PageCursor | null, limit: number) => Promise<Page<D>>,
  toAnswer: (document: D) => A,
): Promise<{ items: A[]; next_cursor: string | null }> {
  const { items, next } = await read(decodeCursor(cursor, list), limit);
  return { items: items.map(toAnswer), next_cursor: encodeCursor(next, list) };
}
