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
import { hopRoute } from '@watchword/platform';
import type { createCancelVerification } from '../usecases/cancel-verification.ts';
import type { createCheckCode } from '../usecases/check-code.ts';
import type { createOpenVerification } from '../usecases/open-verification.ts';
import type { createReadVerification } from '../usecases/read-verification.ts';
import type { createResendCode } from '../usecases/resend-code.ts';

export interface UseCases extends ReturnType<typeof createReadVerification> {
  readonly openVerification: ReturnType<typeof createOpenVerification>;
  readonly resendCode: ReturnType<typeof createResendCode>;
  readonly checkCode: ReturnType<typeof createCheckCode>;
  readonly cancelVerification: ReturnType<typeof createCancelVerification>;
}

const params = verificationParamsSchema;

/** The hop's routes of verifications: the public paths and bodies, behind the gateway. */
export const verificationRoutes = (useCases: UseCases) => [...changingRoutes(useCases), ...readingRoutes(useCases)];

const changingRoutes = ({ openVerification, resendCode, checkCode, cancelVerification }: UseCases) => [
  hopRoute({
    method: 'POST',
    path: '/v1/verifications',
    body: openVerificationSchema,
    status: 202,
    answer: acceptedVerificationSchema,
    handle: ({ body, context }) => openVerification(body, context, context.requestId),
  }),
  hopRoute({
    method: 'POST',
    path: '/v1/verifications/check',
    body: checkDestinationSchema,
    status: 200,
    answer: judgedCheckSchema,
    handle: ({ body, context }) => checkCode.byDestination(body, context),
  }),
  hopRoute({
    method: 'POST',
    path: '/v1/verifications/:id/check',
    params,
    body: checkVerificationSchema,
    status: 200,
    answer: judgedCheckSchema,
    handle: ({ params: { id }, body, context }) => checkCode.byId(id, body, context),
  }),
  hopRoute({
    method: 'POST',
    path: '/v1/verifications/:id/resend',
    params,
    body: resendVerificationSchema,
    status: 202,
    answer: acceptedVerificationSchema,
    handle: ({ params: { id }, body, context }) => resendCode(id, body, context, context.requestId),
  }),
  hopRoute({
    method: 'POST',
    path: '/v1/verifications/:id/cancel',
    params,
    body: cancelVerificationSchema,
    status: 200,
    answer: verificationSchema,
    handle: ({ params: { id }, context }) => cancelVerification(id, context),
  }),
];

const readingRoutes = ({ readVerification, readTimeline }: UseCases) => [
  hopRoute({
    method: 'GET',
    path: '/v1/verifications/:id',
    params,
    status: 200,
    answer: verificationSchema,
    handle: ({ params: { id }, context }) => readVerification(id, context),
  }),
  hopRoute({
    method: 'GET',
    path: '/v1/verifications/:id/timeline',
    params,
    status: 200,
    answer: timelineSchema,
    handle: ({ params: { id }, context }) => readTimeline(id, context),
  }),
];
