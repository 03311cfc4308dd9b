import { cancelVerificationSchema, verificationParamsSchema, verificationSchema } from '@watchword/contracts';
import type { HttpApp } from '@watchword/platform';
import { acceptNoBody } from '../accept-no-body.ts';
import { jsonAnswer, postProblems } from '../answers.ts';
import { WRITES_VERIFICATIONS } from '../needs.ts';
import type { Relay } from '../relay.ts';

export function routeCancelVerification(app: HttpApp, relay: Relay): void {
  const schema = {
    operationId: 'cancelVerification',
    summary: 'Cancel a verification',
    description: 'No code of it verifies any more, and what was not sent yet is not sent.',
    tags: ['verifications'],
    params: verificationParamsSchema,
    body: cancelVerificationSchema,
    response: {
      200: jsonAnswer('The canceled verification', verificationSchema),
      ...postProblems('not_found', 'not_pending'),
    },
  };
  app.post(
    '/v1/verifications/:id/cancel',
    { schema, config: { need: WRITES_VERIFICATIONS }, preValidation: acceptNoBody },
    relay({ method: 'POST', sends: 0 }),
  );
}
