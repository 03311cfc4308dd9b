import { eraseDestinationSchema, erasureSchema } from '@watchword/contracts';
import type { HttpApp } from '@watchword/platform';
import { jsonAnswer, postProblems } from '../answers.ts';
import { ERASES } from '../needs.ts';
import type { Relay } from '../relay.ts';

export function routeEraseDestination(app: HttpApp, relay: Relay): void {
  const schema = {
    operationId: 'eraseDestination',
    summary: 'Forget a destination',
    description:
      'Cancels its open verifications and forgets the destination, in Redis at once and in the records soon after. What happened stays, without saying to whom.',
    tags: ['destinations'],
    body: eraseDestinationSchema,
    response: {
      202: jsonAnswer('It is forgotten in Redis; the records follow', erasureSchema),
      ...postProblems('invalid_destination'),
    },
  };
  app.post('/v1/destinations/erase', { schema, config: { need: ERASES } }, relay({ method: 'POST', sends: 0 }));
}
