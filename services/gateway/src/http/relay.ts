import { PICTURE_TYPE } from '@watchword/contracts';
import { AppError } from '@watchword/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { EndUser, HopCall, LimitName } from '../ports.ts';
import type { RelayCall, RelayedCall, RelayOutcome } from '../usecases/relay-call.ts';
import { needOf } from './authenticate.ts';
import { idempotencyKeyOf, targetOf } from './call-bounds.ts';
import { rateLimitHeaders } from './rate-limit-headers.ts';

export interface RelaySpec {
  readonly method: HopCall['method'];
  readonly sends: 0 | 1;
  /** The service has a picture for those who want one. */
  readonly hasPicture?: boolean;
  /** The end user in a validated body. */
  readonly endUserOf?: (body: unknown) => EndUser | undefined;
}

export interface RelayOptions {
  /** Whether the service at the other end knows a repeat by its `Idempotency-Key`. */
  readonly isIdempotent: boolean;
  /** What a caller can do when it is not known whether their change was made. */
  readonly unknownDetail: string;
  /** And when the call changed nothing. */
  readonly unavailableDetail: string;
}

/** Makes the handler of one call: relays it and answers what the service said, byte for byte. */
export function createRelay(relayCall: RelayCall, options: RelayOptions) {
  return function relay(spec: RelaySpec) {
    return function handle(request: FastifyRequest, reply: FastifyReply): void {
      relayCall(toCall(request, spec, options)).then(
        (relayed) => answer(request, reply, relayed, options),
        (error: unknown) => reply.send(error),
      );
    };
  };
}

export type Relay = ReturnType<typeof createRelay>;

function answer(request: FastifyRequest, reply: FastifyReply, relayed: RelayOutcome, options: RelayOptions): void {
  if (relayed.limits.length > 0) reply.headers(rateLimitHeaders(relayed.limits));
  if (relayed.outcome === 'answered') {
    const { status, contentType, retryAfter, etag, body } = relayed.answer;
    if (retryAfter !== undefined) reply.header('retry-after', retryAfter);
    if (etag !== undefined) reply.header('etag', etag);
    if (status === 204) reply.code(204).send();
    else reply.code(status).header('content-type', contentType).send(body);
    return;
  }
  if (relayed.outcome === 'unavailable') {
    request.log.warn({ reason: relayed.reason }, 'call not relayed');
  }
  reply.send(toError(relayed, options, request.method !== 'GET'));
}

const REACHED: Readonly<Record<LimitName, string>> = {
  project_sends: 'The project has reached its limit of sends per hour.',
  user_sends: 'This client.user_id has reached its limit of sends per minute.',
  ip_sends: 'This client.ip has reached its limit of sends per hour.',
  monthly_sends: 'The project has used up its plan’s sends of this month.',
};

function toError(
  relayed: Exclude<RelayOutcome, { outcome: 'answered' }>,
  { unknownDetail, unavailableDetail }: RelayOptions,
  isChange: boolean,
) {
  switch (relayed.outcome) {
    case 'limited': {
      const { limit, retryAfterSeconds } = relayed;
      const code = limit === 'monthly_sends' ? 'quota_exceeded' : 'rate_limited';
      return new AppError(code, { detail: REACHED[limit], limit, retryAfterSeconds });
    }
    case 'mismatched':
      return new AppError('idempotency_mismatch', {
        detail: 'Another method, path or body was sent with this Idempotency-Key in the last 24 hours.',
      });
    case 'unavailable':
      return new AppError('unavailable', {
        detail: isChange && relayed.isSent ? unknownDetail : unavailableDetail,
        retryAfterSeconds: 1,
      });
  }
}

function toCall(request: FastifyRequest, spec: RelaySpec, { isIdempotent }: RelayOptions): RelayedCall {
  const { caller, id: requestId, bodyText: body } = request;
  if (caller === null) throw new AppError('internal', { cause: new Error('a relayed call was not authenticated') });
  return {
    caller,
    need: needOf(request),
    requestId,
    method: spec.method,
    path: targetOf(request),
    body,
    sends: spec.sends,
    endUser: spec.endUserOf?.(request.body),
    idempotencyKey: isIdempotent ? idempotencyKeyOf(request) : undefined,
    ifMatch: request.headers['if-match'],
    accept: spec.hasPicture === true && wantsPicture(request) ? PICTURE_TYPE : undefined,
  };
}

/** Named, and not excluded: a browser's or curl's wildcard is answered with JSON. */
const wantsPicture = ({ headers }: FastifyRequest) =>
  (headers.accept ?? '')
    .split(',')
    .map((range) => range.toLowerCase().replaceAll(/\s/g, '').split(';'))
    .some(([type, ...params]) => type === PICTURE_TYPE && !params.some((one) => /^q=0(\.0*)?$/.test(one)));
