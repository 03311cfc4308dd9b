import { ERRORS, type Problem } from '@watchword/contracts';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors, isResponseSerializationError } from 'fastify-type-provider-zod';
import { AppError } from '../errors.ts';
import { isRedisUnavailable } from '../redis/connection.ts';

const FASTIFY_CODES: Readonly<Record<string, AppError>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: new AppError('body_too_large', { detail: 'A body may have at most 16 KiB.' }),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: new AppError('unsupported_media_type'),
  FST_ERR_CTP_EMPTY_JSON_BODY: new AppError('invalid_request', { detail: 'The body is empty; send a JSON object.' }),
  FST_ERR_CTP_INVALID_JSON_BODY: new AppError('invalid_request', { detail: 'The body is not valid JSON.' }),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: new AppError('invalid_request', {
    detail: 'Content-Length does not match the body.',
  }),
};

/** The one place that turns an error into problem+json (RFC 9457). What is not expected is a bare 500 with its request id. */
export function renderProblem(error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const known = toAppError(error);
  if (known === undefined) request.log.error({ err: error }, 'unexpected error');
  return sendProblem(reply, request.id, known ?? new AppError('internal'));
}

export function sendProblem(reply: FastifyReply, requestId: string, { code, options }: AppError): FastifyReply {
  const spec = ERRORS[code];
  const problem: Problem = {
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
  const retryAfterSeconds = options.retryAfterSeconds ?? (spec.status === 503 ? 1 : undefined);
  if (retryAfterSeconds !== undefined) reply.header('retry-after', retryAfterSeconds);
  return reply
    .code(spec.status)
    .serializer((payload: unknown) => JSON.stringify(payload))
    .header('content-type', 'application/problem+json; charset=utf-8')
    .send(problem);
}

function toAppError(error: FastifyError | Error): AppError | undefined {
  if (error instanceof AppError) return error;
  if (isRedisUnavailable(error)) return new AppError('unavailable', { detail: 'Redis does not answer.', cause: error });
  if (hasZodFastifySchemaValidationErrors(error)) return toInvalidRequest(error.validation);
  if (isResponseSerializationError(error)) return undefined;
  const fastifyCode = 'code' in error ? error.code : undefined;
  if (fastifyCode && FASTIFY_CODES[fastifyCode]) return FASTIFY_CODES[fastifyCode];
  const statusCode = 'statusCode' in error ? error.statusCode : undefined;
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new AppError('invalid_request', { detail: error.message });
  }
  return undefined;
}

type Validation = { instancePath: string; message?: string; params?: unknown }[];

function toInvalidRequest(validation: Validation): AppError {
  const errors = validation.flatMap(({ instancePath, message, params }) => {
    const path = instancePath === '/' ? '' : instancePath;
    const detail = message ?? 'is not valid';
    const unknown = unknownKeys(params);
    return unknown.length > 0
      ? unknown.map((key) => ({ pointer: `${path}/${escapePointer(key)}`, detail: 'is not a known field' }))
      : [{ pointer: path, detail }];
  });
  const where = errors.map(({ pointer, detail }) => `${pointer || 'the body'}: ${detail}`).join('; ');
  return new AppError('invalid_request', { detail: where, errors });
}

function unknownKeys(params: unknown): string[] {
  if (typeof params !== 'object' || params === null) return [];
  const { keys } = params as { keys?: unknown };
  return Array.isArray(keys) ? keys.filter((key): key is string => typeof key === 'string') : [];
}

function escapePointer(key: string): string {
  return key.slice(0, 64).replaceAll('~', '~0').replaceAll('/', '~1');
}
