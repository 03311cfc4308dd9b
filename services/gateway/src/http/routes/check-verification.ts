import { checkVerificationSchema, judgedCheckSchema, verificationParamsSchema } from '@watchword/contracts';
import type { HttpApp } from '@watchword/platform';
import { jsonAnswer, postProblems } from '../answers.ts';
import { WRITES_VERIFICATIONS } from '../needs.ts';
import type { Relay } from '../relay.ts';

export function routeCheckVerification(app: HttpApp, relay: Relay): void {
  const schema = {
    operationId: 'checkVerification',
    summary: 'Check a code by the verification’s id',
    description:
      'Each guess counts. A right code is `approved` once; only a repeat with the same `Idempotency-Key` hears it again.',
    tags: ['verifications'],
    params: verificationParamsSchema,
    body: checkVerificationSchema,
    response: {
      200: jsonAnswer('The guess was judged: see `valid` and `result`', judgedCheckSchema),
      ...postProblems('not_found', 'checks_locked'),
    },
  };
  app.post(
    '/v1/verifications/:id/check',
    { schema, config: { need: WRITES_VERIFICATIONS } },
    relay({ method: 'POST', sends: 0 }),
  );
}
