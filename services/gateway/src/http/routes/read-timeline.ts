import { timelineSchema, verificationParamsSchema } from '@watchword/contracts';
import type { HttpApp } from '@watchword/platform';
import { getProblems, jsonAnswer } from '../answers.ts';
import { READS_VERIFICATION } from '../needs.ts';
import type { Relay } from '../relay.ts';

export function routeReadTimeline(app: HttpApp, relay: Relay): void {
  const schema = {
    operationId: 'readTimeline',
    summary: 'Read a verification’s timeline',
    description: 'What happened to it, in order.',
    tags: ['verifications'],
    params: verificationParamsSchema,
    response: { 200: jsonAnswer('The events', timelineSchema), ...getProblems('not_found') },
  };
  app.get(
    '/v1/verifications/:id/timeline',
    { schema, config: { need: READS_VERIFICATION } },
    relay({ method: 'GET', sends: 0 }),
  );
}
