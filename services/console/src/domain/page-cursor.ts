import type { PageQuery } from '@watchword/contracts';
import { AppError } from '@watchword/platform';
import type { Page, PageCursor } from '@watchword/records';
import { z } from 'zod';

const cursorSchema = z.tuple([z.union([z.string(), z.number()]), z.string()]);

/** Callers hand it back as it is. */
export function encodeCursor(cursor: PageCursor | null): string | null {
  return cursor && Buffer.from(JSON.stringify([cursor.value, cursor.id])).toString('base64url');
}

/** @param kind what the list is sorted by; a cursor of another kind is refused like any that is not ours. */
export function decodeCursor(text: string | undefined, kind: 'string' | 'number'): PageCursor | null {
  if (text === undefined) return null;
  try {
    const [value, id] = cursorSchema.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
    if (typeof value === kind) return { value, id };
  } catch {
    // Whatever is wrong with it, it is none of ours.
  }
  const detail = 'is not a next_cursor of this list';
  throw new AppError('invalid_request', { detail: `/cursor: ${detail}`, errors: [{ pointer: '/cursor', detail }] });
}

/** Answers one page of what `list` reads. */
export async function answerPage<D, A>(
  { limit, cursor }: PageQuery,
  kind: 'string' | 'number',
  list: (after: PageCursor | null, limit: number) => Promise<Page<D>>,
  toAnswer: (document: D) => A,
): Promise<{ items: A[]; next_cursor: string | null }> {
  const { items, next } = await list(decodeCursor(cursor, kind), limit);
  return { items: items.map(toAnswer), next_cursor: encodeCursor(next) };
}
