import { checkDestinationSchema, judgedCheckSchema } from '@watchword/contracts';
import type { HttpApp } from '@watchword/platform';
import { jsonAnswer, postProblems } from '../answers.ts';
import { WRITES_VERIFICATIONS } from '../needs.ts';
import type { Relay } from '../relay.ts';

export function routeCheckDestination(app: HttpApp, relay: Relay): void {
  const schema = {
    operationId: 'checkDestination',
    summary: 'Check a code by destination and purpose',
    description: 'The same as a check by id, for callers that did not keep the id.',
    tags: ['verifications'],
    body: checkDestinationSchema,
    response: {
      200: jsonAnswer('The guess was judged: see `valid` and `result`', judgedCheckSchema),
      ...postProblems('not_found', 'invalid_destination', 'checks_locked'),
    },
  };
  app.post(
    '/v1/verifications/check',
    { schema, config: { need: WRITES_VERIFICATIONS } },
    relay({ method: 'POST', sends: 0 }),
  );
}
