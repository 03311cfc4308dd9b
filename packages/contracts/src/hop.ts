import { z } from 'zod';
import { SCOPES } from './scopes.ts';

/** A `live` key reaches carriers only, a `test` key the sandbox only. */
export const MODES = ['live', 'test'] as const;
export type Mode = (typeof MODES)[number];

/**
 * The hop from the gateway to otp and to the console. What the gateway forwards in one turn of its event loop leaves in one `POST` of a JSON array of
 * calls, under one signature of the whole body. The answers stream back as they are ready, in any order: each line of the
 * response is a JSON array of those that were ready in one turn of the answering loop.
 */
export const HOP_PATH = '/hop';
/** HMAC-SHA256 of the batch's bytes under `HOP_KEY`, base64url. */
export const HOP_SIGNATURE_HEADER = 'x-watchword-signature';
export const HOP_ANSWERS_TYPE = 'application/x-ndjson';

export const BATCH_CALLS_MAX = 256;
/** Far above the largest call but one: a receipt of Meta's, 3 MiB in base64, for which otp takes more. */
export const BATCH_BYTES_MAX = 1024 * 1024;

export const PICTURE_TYPE = 'image/svg+xml';

/** One call of a batch: what the gateway vouches for, and the call as it is answered to the caller. */
export const batchedCallSchema = z.object({
  requestId: z.string().min(1).max(64),
  project: z.string().min(1).max(64),
  mode: z.enum(MODES),
  key: z.string().max(64).describe('Id of the API key that the caller sent; empty for a call that needs none'),
  scopes: z.array(z.enum(SCOPES)).describe('What that key may do'),
  epoch: z.int().nonnegative().describe('Of the project’s configuration under which the call was admitted'),
  operation: z.string().max(64).describe('What an `Idempotency-Key` stands for; empty without one'),
  deadline: z.int().nonnegative().describe('On Redis’ clock, ms: past it otp does nothing'),
  method: z.enum(['GET', 'POST', 'PATCH', 'DELETE']),
  path: z.string().max(4_096).describe('With its query'),
  ifMatch: z.string().max(256).exactOptional().describe('`If-Match`, as it came'),
  accept: z.literal(PICTURE_TYPE).exactOptional().describe('The answer is wanted as a picture, and the call has one'),
  body: z.string().describe('The body’s text as it arrived; empty for GET'),
});
export const batchSchema = z.array(batchedCallSchema).min(1).max(BATCH_CALLS_MAX);
export type BatchedCall = z.infer<typeof batchedCallSchema>;

export const batchedAnswerSchema = z.object({
  call: z.int().describe('Position of its call in the batch'),
  status: z.int(),
  contentType: z.string(),
  retryAfter: z.string().exactOptional(),
  etag: z.string().exactOptional(),
  nothingDone: z
    .boolean()
    .exactOptional()
    .describe('Of a refusal: the call did nothing and never will. For the gateway, not for its callers'),
  body: z.string(),
});
/** One line of the response. */
export const answersSchema = z.array(batchedAnswerSchema);
export type BatchedAnswer = z.infer<typeof batchedAnswerSchema>;
