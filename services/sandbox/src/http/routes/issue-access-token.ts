import type { FastifyInstance } from 'fastify';
import { answerTokenCall } from '../../wire/fcm/access-token.ts';
import { sendAnswer, toCarrierCall } from '../carrier-route.ts';
import { takeWireBodies } from '../wire-bodies.ts';

/** Google's token endpoint, which FCM's callers ask first. No fault touches it: FCM's own are of its messages. */
export function issueAccessTokenRoute(app: FastifyInstance, { now }: { readonly now: () => number }): void {
  app.register(async (scope) => {
    takeWireBodies(scope, ['form']);
    scope.post('/token', async (request, reply) => sendAnswer(reply, answerTokenCall(toCarrierCall(request), now())));
  });
}
