import { verificationParamsSchema, verificationSchema } from '@watchword/contracts';
import type { HttpApp } from '@watchword/platform';
import { getProblems, jsonAnswer } from '../answers.ts';
import { READS_VERIFICATION } from '../needs.ts';
import type { Relay } from '../relay.ts';

export function routeReadVerification(app: HttpApp, relay: Relay): void {
  const schema = {
    operationId: 'readVerification',
    summary: 'Read a verification',
    description: 'Its status and deliveries, also after it has ended.',
    tags: ['verifications'],
    params: verificationParamsSchema,
    response: { 200: jsonAnswer('The verification', verificationSchema), ...getProblems('not_found') },
  };
  app.get(
    '/v1/verifications/:id',
    { schema, config: { need: READS_VERIFICATION } },
    relay({ method: 'GET', sends: 0 }),
  );
}
