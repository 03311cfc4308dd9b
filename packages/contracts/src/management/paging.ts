import { z } from 'zod';

/** Entries of one page, unless the caller says otherwise. */
const PAGE_LIMIT = 50;
const PAGE_LIMIT_MAX = 200;

export const pageQuerySchema = z.strictObject({
  limit: z.coerce.number<string>().int().min(1).max(PAGE_LIMIT_MAX).default(PAGE_LIMIT).describe('Entries of a page'),
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

/** What every resource has beside its own fields. */
export const datedSchema = {
  id: z.string(),
  created_at: timestampSchema,
  updated_at: timestampSchema,
  version: z.int().describe('Grows with each change; in quotes it is the `ETag`'),
};

export const idParamsSchema = z.object({ id: z.string().min(1).max(64) });

/** A call that needs nothing beside its path. */
export const emptyBodySchema = z.strictObject({}).meta({ id: 'Empty' });

export const nothingSchema = z.undefined();

export const nameSchema = z
  .string()
  .trim()
  .min(1)
  .max(64)
  .regex(/^[^\p{Cc}]*$/u, 'must have no control characters');

export const purposeSchema = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,31}$/, 'must be lower-case letters, digits and _, at most 32')
  .describe('`login`, `registration` (alias `verification`), `password_reset`, `transaction`, or your own');
