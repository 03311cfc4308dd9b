import { AppError, type HttpApp, renderProblem } from '@watchword/platform';
import type { FastifyRequest } from 'fastify';
import type { LimitAddress } from '../admission/address-limit.ts';
import type { Access, Caller, CallNeed } from '../ports.ts';

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller | null;
  }
  interface FastifyContextConfig {
    /** What a call of API v1 needs of its key; each has it. */
    need?: CallNeed;
  }
}

export interface AuthenticateDeps {
  readonly access: Pick<Access, 'authenticate'>;
  readonly limitAddress: LimitAddress;
}

/** The key before the body is read: who calls, whether they may, and how often an address may manage. */
export function authenticateCalls(app: HttpApp, { access, limitAddress }: AuthenticateDeps): void {
  app.decorateRequest('caller', null);
  app.addHook('onRoute', ({ url, config }) => {
    if (config?.need === undefined) throw new Error(`${url} does not say which scope it needs`);
  });
  app.addHook('onRequest', async (request) => {
    // The socket's: what a header says of it anyone can say.
    const address = request.socket.remoteAddress ?? '';
    const need = needOf(request);
    request.caller = await access.authenticate(request.headers.authorization, address, need);
    const waitSeconds = need.isManaged ? await limitAddress(address) : 0;
    if (waitSeconds > 0) throw tooManyManagementCalls(waitSeconds);
  });
  app.setErrorHandler<Error>((error, request, reply) => {
    if (error instanceof AppError && error.code === 'unauthenticated') {
      reply.header('www-authenticate', 'Bearer realm="watchword"');
    }
    return renderProblem(error, request, reply);
  });
}

export function needOf(request: FastifyRequest): CallNeed {
  const { need } = request.routeOptions.config;
  if (need === undefined) throw new AppError('internal', { cause: new Error('a call without a need was routed') });
  return need;
}

const tooManyManagementCalls = (retryAfterSeconds: number) =>
  new AppError('rate_limited', {
    detail: 'This address has made as many management calls as it may in 15 minutes.',
    limit: 'management_calls',
    retryAfterSeconds,
  });
