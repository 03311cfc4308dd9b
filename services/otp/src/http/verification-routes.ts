import {
  acceptedVerificationSchema,
  cancelVerificationSchema,
  checkDestinationSchema,
  checkVerificationSchema,
  judgedCheckSchema,
  openVerificationSchema,
  resendVerificationSchema,
  timelineSchema,
  verificationParamsSchema,
  verificationSchema,
} from '@watchword/contracts';
import type { HttpApp } from '@watchword/platform';
import type { createCancelVerification } from '../usecases/cancel-verification.ts';
import type { createCheckCode } from '../usecases/check-code.ts';
import type { createOpenVerification } from '../usecases/open-verification.ts';
import type { createReadVerification } from '../usecases/read-verification.ts';
import type { createResendCode } from '../usecases/resend-code.ts';
import { callOf } from './hop.ts';

export interface UseCases extends ReturnType<typeof createReadVerification> {
  readonly openVerification: ReturnType<typeof createOpenVerification>;
  readonly resendCode: ReturnType<typeof createResendCode>;
  readonly checkCode: ReturnType<typeof createCheckCode>;
  readonly cancelVerification: ReturnType<typeof createCancelVerification>;
}

/** The hop's routes: the public paths and bodies, behind the gateway. */
export function registerVerificationRoutes(app: HttpApp, useCases: UseCases): void {
  const params = verificationParamsSchema;
  app.post(
    '/v1/verifications',
    { schema: { body: openVerificationSchema, response: { 202: acceptedVerificationSchema } } },
    async (request, reply) => {
      reply.code(202);
      return useCases.openVerification(request.body, callOf(request), request.id);
    },
  );
  app.post(
    '/v1/verifications/check',
    { schema: { body: checkDestinationSchema, response: { 200: judgedCheckSchema } } },
    (request) => useCases.checkCode.byDestination(request.body, callOf(request)),
  );
  app.post(
    '/v1/verifications/:id/check',
    { schema: { params, body: checkVerificationSchema, response: { 200: judgedCheckSchema } } },
    (request) => useCases.checkCode.byId(request.params.id, request.body, callOf(request)),
  );
  app.post(
    '/v1/verifications/:id/resend',
    { schema: { params, body: resendVerificationSchema, response: { 202: acceptedVerificationSchema } } },
    async (request, reply) => {
      reply.code(202);
      return useCases.resendCode(request.params.id, request.body, callOf(request), request.id);
    },
  );
  app.post(
    '/v1/verifications/:id/cancel',
    { schema: { params, body: cancelVerificationSchema, response: { 200: verificationSchema } } },
    (request) => useCases.cancelVerification(request.params.id, callOf(request)),
  );
  app.get('/v1/verifications/:id', { schema: { params, response: { 200: verificationSchema } } }, (request) =>
    useCases.readVerification(request.params.id, callOf(request).project),
  );
  app.get('/v1/verifications/:id/timeline', { schema: { params, response: { 200: timelineSchema } } }, (request) =>
    useCases.readTimeline(request.params.id, callOf(request).project),
  );
}
