import { z } from 'zod';

/** Entries of one page, unless the caller says otherwise. */
const PAGE_LIMIT = 50;
const PAGE_LIMIT_MAX = 200;

/** Digits of a query string; `1e1` and `0x10` are numbers to JavaScript, and to nobody who counts. */
const digitsOf = (text: unknown) => (typeof text === 'string' && /^\d{1,9}$/.test(text) ? Number(text) : text);

/** How many entries a page is to have. */
export function pageLimit(most: number, usual: number) {
  const error = `must be one whole number from 1 to ${most}`;
  return z.preprocess(digitsOf, z.int({ error }).min(1, { error }).max(most, { error })).prefault(usual);
}

export const pageQuerySchema = z.strictObject({
  limit: pageLimit(PAGE_LIMIT_MAX, PAGE_LIMIT).describe('Entries of a page'),
  cursor: z.string().min(1).max(256).optional().describe('`next_cursor` of the page before'),
});
export type PageQuery = z.infer<typeof pageQuerySchema>;

/** A page of answers. */
export const pageOf = <T extends z.ZodType>(id: string, item: T) =>
  z
    .object({
      items: z.array(item),
      next_cursor: z.string().nullable().describe('For `cursor` of the next call; null at the end'),
    })
    .meta({ id });

export const timestampSchema = z.iso.datetime().describe('RFC 3339, UTC');

/** A time that a caller names, in whatever zone. */
export const givenTimeSchema = z.iso
  .datetime({ offset: true, error: 'must be a time of RFC 3339, e.g. 2026-11-20T08:00:00Z' })
  .describe('RFC 3339');

/** What every resource has beside its own fields. */
export const datedSchema = {
  id: z.string(),
  created_at: timestampSchema,
  updated_at: timestampSchema,
  version: z.int().describe('Grows with each change; in quotes it is the `ETag`'),
};

/** An empty one is no mistake in the request: nothing is at that path. */
export const idParamsSchema = z.object({ id: z.string().max(64) });

/** A call that needs nothing beside its path. */
export const emptyBodySchema = z.strictObject({}).meta({ id: 'Empty' });

export const nothingSchema = z.undefined();

/** One line: names stand in logs, lists and audits, which nothing in them may reorder or break. */
export const lineSchema = z
  .string()
  .regex(
    /^[^\p{Cc}\p{Cs}\u2028-\u202E\u2066-\u2069]*$/u,
    'must have no control characters or line breaks, none that change the direction of text, and no half of a surrogate pair',
  );

/** Lines of text that people read. */
export const linesSchema = z
  .string()
  .regex(
    /^([^\p{Cc}\p{Cs}\u202A-\u202E\u2066-\u2069]|[\t\n\r])*$/u,
    'must have no control characters but line breaks and tabs, none that change the direction of text, and no half of a surrogate pair',
  );

export const nameSchema = lineSchema.trim().min(1).max(64);

export const purposeSchema = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,31}$/, 'must be lower-case letters, digits and _, at most 32')
  .describe('`login`, `registration` (alias `verification`), `password_reset`, `transaction`, or your own');
