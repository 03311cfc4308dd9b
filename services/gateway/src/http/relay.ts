import { AppError } from '@watchword/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Quota } from '../ports.ts';
import type { Caller, RelayCall, RelayedCall, RelayOutcome } from '../usecases/relay-call.ts';
import { idempotencyKeyOf } from './call-bounds.ts';

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller | null;
  }
}

export interface RelaySpec {
  readonly method: 'GET' | 'POST';
  readonly sends: 0 | 1;
}

/** Makes the handler of one call: relays it and answers what otp said, byte for byte. */
export function createRelay(relayCall: RelayCall) {
  return function relay(spec: RelaySpec) {
    return function handle(request: FastifyRequest, reply: FastifyReply): void {
      relayCall(toCall(request, spec)).then(
        (relayed) => answer(request, reply, relayed),
        (error: unknown) => reply.send(error),
      );
    };
  };
}

export type Relay = ReturnType<typeof createRelay>;

function answer(request: FastifyRequest, reply: FastifyReply, relayed: RelayOutcome): void {
  if (relayed.quota !== undefined) reply.headers(rateLimitHeaders(relayed.quota));
  if (relayed.outcome === 'answered') {
    const { status, contentType, retryAfter, body } = relayed.answer;
    if (retryAfter !== undefined) reply.header('retry-after', retryAfter);
    reply.code(status).header('content-type', contentType).send(body);
    return;
  }
  if (relayed.outcome === 'unavailable') {
    request.log.warn({ reason: relayed.reason }, 'call not relayed');
  }
  reply.send(toError(relayed));
}

function toError(relayed: Exclude<RelayOutcome, { outcome: 'answered' }>): AppError {
  switch (relayed.outcome) {
    case 'limited':
      return new AppError('rate_limited', {
        detail: 'The project has reached its limit of sends per hour.',
        limit: 'project_sends',
        retryAfterSeconds: relayed.retryAfterSeconds,
      });
    case 'mismatched':
      return new AppError('idempotency_mismatch', {
        detail: 'Another method, path or body was sent with this Idempotency-Key in the last 24 hours.',
      });
    case 'unavailable':
      return new AppError('unavailable', {
        detail: 'The outcome is not known. Repeat with the same Idempotency-Key: it is safe.',
        retryAfterSeconds: 1,
      });
  }
}

function toCall(request: FastifyRequest, { method, sends }: RelaySpec): RelayedCall {
  const { caller, id: requestId, bodyText: body } = request;
  if (caller === null) throw new AppError('internal', { cause: new Error('a relayed call was not authenticated') });
  const idempotencyKey = idempotencyKeyOf(request);
  return {
    caller,
    requestId,
    method,
    path: pathOf(request),
    body,
    sends,
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  };
}

/** Rebuilt from the route, so that each call has one spelling to sign and to fingerprint. */
function pathOf(request: FastifyRequest): string {
  const { id } = request.params as { id?: string };
  const pattern = request.routeOptions.url ?? '';
  return id === undefined ? pattern : pattern.replace(':id', () => encodeURIComponent(id));
}

/** Structured fields of draft-ietf-httpapi-ratelimit-headers. */
function rateLimitHeaders({ sendsPerHour, remaining, resetSeconds }: Quota): Record<string, string> {
  return {
    'ratelimit-policy': `"sends";q=${sendsPerHour};w=3600`,
    ratelimit: `"sends";r=${remaining};t=${resetSeconds}`,
  };
}
