import { consumedTokenSchema, consumeTokenSchema } from '@watchword/contracts';
import type { HttpApp } from '@watchword/platform';
import { jsonAnswer, postProblems } from '../answers.ts';
import { WRITES_VERIFICATIONS } from '../needs.ts';
import type { Relay } from '../relay.ts';

export function routeConsumeToken(app: HttpApp, relay: Relay): void {
  const schema = {
    operationId: 'consumeToken',
    summary: 'Spend an approval token once',
    description:
      'For what must happen once, such as a password reset: of all calls with a token one succeeds, and its repeats with the same `Idempotency-Key`.',
    tags: ['tokens'],
    body: consumeTokenSchema,
    response: {
      200: jsonAnswer('The token was valid, and is spent now', consumedTokenSchema),
      ...postProblems('token_consumed', 'token_invalid'),
    },
  };
  app.post(
    '/v1/tokens/consume',
    { schema, config: { need: WRITES_VERIFICATIONS } },
    relay({ method: 'POST', sends: 0 }),
  );
}
