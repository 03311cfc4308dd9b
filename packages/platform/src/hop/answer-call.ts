import type { BatchedAnswer, BatchedCall } from '@watchword/contracts';
import type { z } from 'zod';
import type { Clock } from '../clock.ts';
import { AppError } from '../errors.ts';
import { PROBLEM_TYPE, retryAfterOf, toAppError, toProblem } from '../http/problem.ts';
import type { RecordRequest } from '../http/record-request.ts';
import { compileValidator } from '../http/validation.ts';
import type { Logger } from '../logger.ts';
import { createRouter, type HopRoute, type MatchedRoute } from './hop-route.ts';

export interface AnswerCallDeps {
  readonly routes: readonly HopRoute[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly recordRequest: RecordRequest;
}

type Answer = Omit<BatchedAnswer, 'call'>;

/** Answers one call as if it had come alone: its own deadline, validation, problem, metric and log event. Never rejects. */
export type AnswerCall = (call: BatchedCall) => Promise<Answer>;

export function createAnswerCall({ routes, clock, logger, recordRequest }: AnswerCallDeps): AnswerCall {
  const matchRoute = createRouter(routes);

  async function carryOut(matched: MatchedRoute | undefined, call: BatchedCall): Promise<Answer> {
    if (matched === undefined) {
      throw new AppError('not_found', { detail: 'There is nothing at this method and path.' });
    }
    if (clock.serverNow() > call.deadline) {
      throw new AppError('unavailable', { detail: 'The call came too late.', nothingDone: true });
    }
    const { route } = matched;
    const params = valid(route.params, matched.params);
    const query = route.query === undefined ? undefined : valid(route.query, matched.query);
    const body = route.body === undefined ? undefined : valid(route.body, parseJson(call.body));
    const answer = await route.handle({
      params: params as never,
      query: query as never,
      body: body as never,
      context: contextOf(call),
    });
    if (call.accept !== undefined && route.pictureOf !== undefined) {
      return { status: route.status, contentType: call.accept, body: route.pictureOf(answer) };
    }
    const etag = route.etagOf?.(answer);
    return {
      status: route.status,
      contentType: 'application/json; charset=utf-8',
      ...(etag === undefined ? {} : { etag }),
      body: route.status === 204 ? '' : JSON.stringify(answer),
    };
  }

  return async function answerCall(call) {
    const { requestId, method, path } = call;
    const startedAtMs = performance.now();
    const matched = matchRoute(method, path);
    const answer = await carryOut(matched, call).catch((error: unknown) => refuse(error, requestId, logger));
    const labels = { route: matched?.route.path ?? 'unmatched', method, status: answer.status };
    recordRequest(logger, labels, performance.now() - startedAtMs, { requestId });
    return answer;
  };
}

function contextOf({ method: _method, path: _path, body: _body, ...context }: BatchedCall) {
  return context;
}

function refuse(error: unknown, requestId: string, logger: Logger): Answer {
  const known = toAppError(error, { error: (fields, message) => logger.error({ requestId, ...fields }, message) });
  const problem = toProblem(known, requestId);
  const retryAfter = retryAfterOf(problem);
  return {
    status: problem.status,
    contentType: PROBLEM_TYPE,
    ...(retryAfter === undefined ? {} : { retryAfter: String(retryAfter) }),
    ...(known.options.nothingDone === true ? { nothingDone: true } : {}),
    body: JSON.stringify(problem),
  };
}

function valid(schema: z.ZodType | undefined, data: unknown): unknown {
  if (schema === undefined) return data;
  const validated = compileValidator({ schema })(data);
  if (validated.error !== undefined) throw validated.error;
  return validated.value;
}

/** The gateway has parsed the same text strictly; it forwards nothing that is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new AppError('invalid_request', { detail: 'The body is not valid JSON.' });
  }
}
