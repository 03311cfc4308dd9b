import { randomUUID } from 'node:crypto';
import Fastify, { type FastifyBaseLogger, type FastifyRequest, LogController } from 'fastify';
import { serializerCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { AppError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { Registry } from '../metrics.ts';
import { answerClientError } from './client-error.ts';
import { boundConnections } from './connections.ts';
import { renderProblem, sendProblem } from './problem.ts';
import { createRecordRequest, type RecordRequest } from './record-request.ts';
import { SECURITY_HEADERS } from './security-headers.ts';
import { compileValidator } from './validation.ts';

const BODY_MAX_BYTES = 16 * 1024;

export interface HttpAppOptions {
  readonly logger: Logger;
  readonly registry: Registry;
  /** Given where what arrives in other ways is recorded too. */
  readonly recordRequest?: RecordRequest;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Its requests carry others, which are recorded instead of it. */
    carriesOthers?: boolean;
  }
}

/** A Fastify with what every HTTP service shares: zod schemas, problem+json, bounds, one wide log event and one metric per request. */
export function createHttpApp({ logger, registry, recordRequest = createRecordRequest(registry) }: HttpAppOptions) {
  // Fastify's type of any logger: with pino's own, every app type would differ.
  const loggerInstance: FastifyBaseLogger = logger;
  const app = Fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: () => randomUUID(),
    bodyLimit: BODY_MAX_BYTES,
    requestTimeout: 10_000,
    keepAliveTimeout: 72_000,
    forceCloseConnections: 'idle',
    // What was accepted before the close is answered, not turned away.
    return503OnClosing: false,
    routerOptions: { maxParamLength: 128 },
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    clientErrorHandler: answerClientError,
    // Errors before routing skip the hooks below.
    frameworkErrors: (error, request, reply) => {
      void renderProblem(error, request, reply.headers(headersOf(request)));
    },
  }).withTypeProvider<ZodTypeProvider>();

  boundConnections(app);
  app.setValidatorCompiler(compileValidator);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler<Error>(renderProblem);
  app.setNotFoundHandler((request, reply) =>
    sendProblem(reply, request.id, new AppError('not_found', { detail: 'There is nothing at this method and path.' })),
  );
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(headersOf(request));
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    const { url: route = 'unmatched', config } = request.routeOptions;
    const { statusCode: status } = reply;
    const isRecorded = config.carriesOthers !== true || status >= 400;
    if (isRecorded) recordRequest(request.log, { route, method: request.method, status }, reply.elapsedTime);
    done();
  });
  return app;
}

export type HttpApp = ReturnType<typeof createHttpApp>;

const headersOf = (request: FastifyRequest) => ({ ...SECURITY_HEADERS, 'x-request-id': request.id });
