import { ERRORS, type Problem } from '@watchword/contracts';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { isResponseSerializationError } from 'fastify-type-provider-zod';
import { AppError } from '../errors.ts';
import { isRedisUnavailable } from '../redis/connection.ts';

const FASTIFY_CODES: Readonly<Record<string, AppError>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: new AppError('unsupported_media_type'),
  FST_ERR_CTP_EMPTY_JSON_BODY: new AppError('invalid_request', { detail: 'The body is empty; send a JSON object.' }),
  FST_ERR_CTP_INVALID_JSON_BODY: new AppError('invalid_request', { detail: 'The body is not valid JSON.' }),
  FST_ERR_MAX_PARAM_LENGTH: new AppError('not_found', { detail: 'The path is too long.' }),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: new AppError('invalid_request', {
    detail: 'Content-Length does not match the body.',
  }),
};

/** Renders an error as problem+json (RFC 9457). */
export function renderProblem(error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const isTooLarge = 'code' in error && error.code === 'FST_ERR_CTP_BODY_TOO_LARGE';
  const known = isTooLarge ? bodyTooLarge(request.routeOptions.bodyLimit) : toAppError(error, request.log);
  return sendProblem(reply, request.id, known);
}

export const bodyTooLarge = (bytesMax: number) =>
  new AppError('body_too_large', { detail: `A body may have at most ${bytesMax / 1024} KiB.` });

export function sendProblem(reply: FastifyReply, requestId: string, error: AppError): FastifyReply {
  const problem = toProblem(error, requestId);
  const retryAfterSeconds = retryAfterOf(problem);
  if (retryAfterSeconds !== undefined) reply.header('retry-after', retryAfterSeconds);
  return reply
    .code(problem.status)
    .serializer((payload: unknown) => JSON.stringify(payload))
    .header('content-type', PROBLEM_TYPE)
    .send(problem);
}

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

/** Seconds for `Retry-After`; a 503 always has some. */
export function retryAfterOf({ retry_after_s, status }: Problem): number | undefined {
  return retry_after_s ?? (status === 503 ? 1 : undefined);
}

export function toProblem({ code, options }: AppError, requestId: string): Problem {
  const spec = ERRORS[code];
  return {
    type: 'about:blank',
    title: spec.title,
    status: spec.status,
    code,
    ...(options.detail === undefined ? {} : { detail: options.detail }),
    retryable: 'retryable' in spec,
    request_id: requestId,
    ...(options.retryAfterSeconds === undefined ? {} : { retry_after_s: options.retryAfterSeconds }),
    ...(options.limit === undefined ? {} : { limit: options.limit }),
    ...(options.errors === undefined ? {} : { errors: [...options.errors] }),
  };
}

/** The one place that says what an error means to a caller. What is not expected is logged, and a bare 500. */
export function toAppError(error: unknown, log: { error(fields: object, message: string): void }): AppError {
  const known = knownError(error);
  if (known === undefined) log.error({ err: error }, 'unexpected error');
  return known ?? new AppError('internal');
}

function knownError(error: unknown): AppError | undefined {
  if (error instanceof AppError) return error;
  if (!(error instanceof Error)) return undefined;
  if (isRedisUnavailable(error)) return new AppError('unavailable', { detail: 'Redis does not answer.', cause: error });
  if (isResponseSerializationError(error)) return undefined;
  const { code: fastifyCode, statusCode }: Partial<FastifyError> = error;
  if (fastifyCode && FASTIFY_CODES[fastifyCode]) return FASTIFY_CODES[fastifyCode];
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new AppError('invalid_request', { detail: error.message });
  }
  return undefined;
}
