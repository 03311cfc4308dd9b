import type { IncomingHttpHeaders } from 'node:http';
import { HOP_HEADERS, MODES } from '@watchword/contracts';
import { AppError, type Clock, createHopSigner, isHopSignature, type Secret } from '@watchword/platform';
import type { CallContext } from '@watchword/verifications';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set once the hop's signature was verified. */
    call?: CallContext;
  }
}

const hopHeaders = z.object({
  [HOP_HEADERS.requestId]: z.string().min(1).max(64),
  [HOP_HEADERS.project]: z.string().min(1).max(64),
  [HOP_HEADERS.mode]: z.enum(MODES),
  [HOP_HEADERS.operation]: z.string().max(64).default(''),
  [HOP_HEADERS.deadline]: z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number),
  [HOP_HEADERS.signature]: z.string().max(64),
});

/** The gateway's request id, so that one id runs through both services' logs. */
export function requestIdOf(headers: IncomingHttpHeaders): string | undefined {
  const id = headers[HOP_HEADERS.requestId];
  return typeof id === 'string' && id.length > 0 && id.length <= 64 ? id : undefined;
}

/** Lets in what the gateway signed, until its deadline; anything else is 401 or 503 and learns nothing. */
export function createHopGuard(hopKey: Secret<Buffer>, clock: Clock) {
  const signHop = createHopSigner(hopKey);
  return async function verifyHop(request: FastifyRequest): Promise<void> {
    const parsed = hopHeaders.safeParse(request.headers);
    if (!parsed.success) throw new AppError('unauthenticated', { detail: 'This service answers the gateway only.' });
    const headers = parsed.data;
    const call = {
      requestId: headers[HOP_HEADERS.requestId],
      project: headers[HOP_HEADERS.project],
      mode: headers[HOP_HEADERS.mode],
      operation: headers[HOP_HEADERS.operation],
      deadline: headers[HOP_HEADERS.deadline],
    };
    const expected = signHop(request.method, request.url, call, request.bodyText);
    if (!isHopSignature(headers[HOP_HEADERS.signature], expected)) {
      throw new AppError('unauthenticated', {
        detail: 'The hop signature is wrong: HOP_KEY must be the same in both.',
      });
    }
    if (clock.serverNow() > call.deadline) throw new AppError('unavailable', { detail: 'The call came too late.' });
    request.call = call;
  };
}

/** What the guard put there; a route outside it has none. */
export function callOf(request: FastifyRequest): CallContext {
  if (request.call === undefined) throw new Error('The route is not behind the hop guard');
  return request.call;
}
