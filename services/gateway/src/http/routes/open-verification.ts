import { acceptedVerificationSchema, type OpenVerification, openVerificationSchema } from '@watchword/contracts';
import type { HttpApp } from '@watchword/platform';
import type { EndUser } from '../../ports.ts';
import { jsonAnswer, postProblems } from '../answers.ts';
import { WRITES_VERIFICATIONS } from '../needs.ts';
import type { Relay } from '../relay.ts';

export function routeOpenVerification(app: HttpApp, relay: Relay): void {
  const schema = {
    operationId: 'openVerification',
    summary: 'Open a verification and send a code',
    description:
      'One code, over one channel, over several at once, or over one after another. A second call for the same destination, purpose and binding is a resend of the open verification, and is refused too soon after the last send.',
    tags: ['verifications'],
    body: openVerificationSchema,
    response: {
      202: jsonAnswer('The code is on its way', acceptedVerificationSchema),
      ...postProblems('invalid_destination', 'resend_too_soon', 'max_sends', 'rate_limited', 'quota_exceeded'),
    },
  };
  const spec = { method: 'POST', sends: 1, endUserOf } as const;
  app.post('/v1/verifications', { schema, config: { need: WRITES_VERIFICATIONS } }, relay(spec));
}

function endUserOf(body: unknown): EndUser | undefined {
  const { client } = body as OpenVerification;
  return client && { userId: client.user_id, ip: client.ip };
}
