import { AppError } from '@watchword/platform';
import type { FastifyRequest } from 'fastify';

const ID_LENGTH_MAX = 64;
const PRINTABLE_KEY = /^[\x20-\x7e]{1,255}$/;
/** Of the hop: one call above it would have its whole batch refused. */
const TARGET_LENGTH_MAX = 4_096;
const IF_MATCH_LENGTH_MAX = 256;

/** What the schemas do not see: a query that the call does not have, lengths, and the `Idempotency-Key`. Throws an AppError. */
export function checkCallBounds(request: FastifyRequest): void {
  const [parameter] = Object.keys(request.query as object);
  if (parameter !== undefined && request.routeOptions.schema?.querystring === undefined) {
    throw new AppError('invalid_request', {
      detail: 'This call takes no query parameters; its fields go in the body.',
    });
  }
  if (targetOf(request).length > TARGET_LENGTH_MAX) {
    throw new AppError('invalid_request', {
      detail: `Path and query may have at most ${TARGET_LENGTH_MAX} characters.`,
    });
  }
  const { id } = request.params as { id?: string };
  if (id !== undefined && id.length > ID_LENGTH_MAX)
    throw new AppError('not_found', { detail: 'Nothing has this id.' });
  const key = idempotencyKeyOf(request);
  if (key !== undefined && !PRINTABLE_KEY.test(key)) {
    throw new AppError('invalid_request', { detail: 'Idempotency-Key must be 1 to 255 printable ASCII characters.' });
  }
  if ((request.headers['if-match']?.length ?? 0) > IF_MATCH_LENGTH_MAX) {
    throw new AppError('invalid_request', { detail: `If-Match may have at most ${IF_MATCH_LENGTH_MAX} characters.` });
  }
}

/** A read changes nothing, so the header means nothing there. */
export function idempotencyKeyOf(request: FastifyRequest): string | undefined {
  const key = request.headers['idempotency-key'];
  return request.method === 'POST' && typeof key === 'string' ? key : undefined;
}

/** Path and query as they are forwarded. The path is rebuilt from the route, so that each call has one spelling to sign. */
export function targetOf({ routeOptions, params, raw }: FastifyRequest): string {
  const values = params as Readonly<Record<string, string>>;
  const path = (routeOptions.url ?? '').replaceAll(/:(\w+)/g, (_, name: string) =>
    encodeURIComponent(values[name] ?? ''),
  );
  const { url = '' } = raw;
  const queryAt = url.indexOf('?');
  return routeOptions.schema?.querystring === undefined || queryAt < 0 ? path : path + url.slice(queryAt);
}
