import { acceptedVerificationSchema, openVerificationSchema } from '@watchword/contracts';
import type { HttpApp } from '@watchword/platform';
import { jsonAnswer, postProblems } from '../answers.ts';
import type { Relay } from '../relay.ts';

export function routeOpenVerification(app: HttpApp, relay: Relay): void {
  const schema = {
    operationId: 'openVerification',
    summary: 'Open a verification and send a code',
    description:
      'A second call for the same destination, purpose and binding is a resend of the open verification, and is refused too soon after the last send.',
    tags: ['verifications'],
    body: openVerificationSchema,
    response: {
      202: jsonAnswer('The code is on its way', acceptedVerificationSchema),
      ...postProblems('invalid_destination', 'resend_too_soon', 'max_sends', 'rate_limited'),
    },
  };
  app.post('/v1/verifications', { schema }, relay({ method: 'POST', sends: 1 }));
}
