import { acceptedVerificationSchema, resendVerificationSchema, verificationParamsSchema } from '@watchword/contracts';
import type { HttpApp } from '@watchword/platform';
import { acceptNoBody } from '../accept-no-body.ts';
import { jsonAnswer, postProblems } from '../answers.ts';
import { WRITES_VERIFICATIONS } from '../needs.ts';
import type { Relay } from '../relay.ts';

export function routeResendVerification(app: HttpApp, relay: Relay): void {
  const schema = {
    operationId: 'resendVerification',
    summary: 'Send another code',
    description:
      'Another code of the same verification, as it was opened or over another channel. Checks already used stay used.',
    tags: ['verifications'],
    params: verificationParamsSchema,
    body: resendVerificationSchema,
    response: {
      202: jsonAnswer('The code is on its way', acceptedVerificationSchema),
      ...postProblems(
        'not_found',
        'not_pending',
        'invalid_destination',
        'resend_too_soon',
        'max_sends',
        'rate_limited',
        'quota_exceeded',
      ),
    },
  };
  app.post(
    '/v1/verifications/:id/resend',
    { schema, config: { need: WRITES_VERIFICATIONS }, preValidation: acceptNoBody },
    relay({ method: 'POST', sends: 1 }),
  );
}
