import { z } from 'zod';
import { ERRORS, type ErrorCode } from './errors.ts';

/** `application/problem+json` (RFC 9457) with Watchword's extension members. */
export const problemSchema = z
  .object({
    type: z.string().describe('`about:blank`: the code says it all'),
    title: z.string(),
    status: z.int(),
    code: z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]),
    detail: z.string().optional(),
    retryable: z.boolean(),
    request_id: z.string(),
    retry_after_s: z.int().optional().describe('Seconds to wait; the same as `Retry-After`'),
    limit: z.string().optional().describe('Which limit was reached'),
    errors: z
      .array(z.object({ pointer: z.string().describe('JSON Pointer (RFC 6901) into the body'), detail: z.string() }))
      .optional(),
  })
  .meta({ id: 'Problem' });

export type Problem = z.infer<typeof problemSchema>;
