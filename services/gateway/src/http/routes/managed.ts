import { type ManagedCall, PICTURE_TYPE } from '@watchword/contracts';
import { AppError, type HttpApp } from '@watchword/platform';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { CallNeed } from '../../ports.ts';
import { acceptNoBody } from '../accept-no-body.ts';
import { jsonAnswer, managedProblems } from '../answers.ts';
import { needsScope } from '../needs.ts';
import type { Relay } from '../relay.ts';

/** Configuration such as a list of numbers is larger than any call about one verification. */
const BODY_MAX_BYTES = 256 * 1024;

/** Registers the console's calls, each from its one declaration. `isManaged`: they are counted by client address. */
export function routeManaged(
  app: HttpApp,
  calls: readonly ManagedCall[],
  relay: Relay,
  options: Pick<CallNeed, 'isManaged'>,
): void {
  for (const call of calls) {
    app.route({
      method: call.method,
      url: call.path,
      schema: schemaOf(call),
      config: { need: needsScope(call, options), needsIfMatch: call.needsIfMatch === true },
      ...(call.body === undefined ? {} : { bodyLimit: BODY_MAX_BYTES }),
      preValidation: [checkIfMatch, ...(takesNoBody(call) ? [acceptNoBody] : [])],
      handler: relay({ method: call.method, sends: 0, hasPicture: call.hasPicture === true }),
    });
  }
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Changes something that has a version. */
    needsIfMatch?: boolean;
  }
}

/** A change names the version that it is made to (RFC 6585 section 3), so that nobody undoes what they have not seen. */
async function checkIfMatch({ routeOptions, headers }: FastifyRequest): Promise<void> {
  if (routeOptions.config.needsIfMatch !== true || headers['if-match'] !== undefined) return;
  throw new AppError('precondition_required', {
    detail: 'Send If-Match with the ETag that it was read with, or * to change it whatever it is.',
  });
}

const takesNoBody = ({ body }: ManagedCall) => body?.safeParse({}).success === true;

function schemaOf(call: ManagedCall) {
  const { operationId, summary, description, tag, params, query, body, status, answer, errors } = call;
  const answered = jsonAnswer(summary, answer);
  const picture = { [PICTURE_TYPE]: { schema: z.string() } };
  const shown = call.hasPicture === true ? { ...answered, content: { ...answered.content, ...picture } } : answered;
  const succeeded = status === 204 ? z.null().describe('Done') : shown;
  return {
    operationId,
    summary,
    ...(description === undefined ? {} : { description }),
    tags: [tag],
    ...(params === undefined ? {} : { params }),
    ...(query === undefined ? {} : { querystring: query }),
    ...(body === undefined ? {} : { body }),
    response: { [status]: succeeded, ...managedProblems(call, errors) },
  };
}
