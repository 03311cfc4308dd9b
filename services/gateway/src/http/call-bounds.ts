import { AppError } from '@watchword/platform';
import type { FastifyRequest } from 'fastify';

const ID_LENGTH_MAX = 64;
const PRINTABLE_KEY = /^[\x20-\x7e]{1,255}$/;

/** What the schemas do not see: the query, which no call has, the id's length and the `Idempotency-Key`. Throws an AppError. */
export function checkCallBounds(request: FastifyRequest): void {
  const [parameter] = Object.keys(request.query as object);
  if (parameter !== undefined) {
    throw new AppError('invalid_request', {
      detail: 'This call takes no query parameters; its fields go in the body.',
    });
  }
  const { id } = request.params as { id?: string };
  if (id !== undefined && id.length > ID_LENGTH_MAX) {
    throw new AppError('not_found', { detail: 'No verification has this id.' });
  }
  const key = idempotencyKeyOf(request);
  if (key !== undefined && !PRINTABLE_KEY.test(key)) {
    throw new AppError('invalid_request', { detail: 'Idempotency-Key must be 1 to 255 printable ASCII characters.' });
  }
}

/** A read changes nothing, so the header means nothing there. */
export function idempotencyKeyOf(request: FastifyRequest): string | undefined {
  const key = request.headers['idempotency-key'];
  return request.method === 'POST' && typeof key === 'string' ? key : undefined;
}
