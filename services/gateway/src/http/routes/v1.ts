import type { HttpApp } from '@watchword/platform';
import { type Authenticate, unauthenticated } from '../authenticate.ts';
import { checkCallBounds } from '../call-bounds.ts';
import type { Relay } from '../relay.ts';
import { routeCancelVerification } from './cancel-verification.ts';
import { routeCheckDestination } from './check-destination.ts';
import { routeCheckVerification } from './check-verification.ts';
import { routeConsumeToken } from './consume-token.ts';
import { routeOpenVerification } from './open-verification.ts';
import { routeReadTimeline } from './read-timeline.ts';
import { routeReadVerification } from './read-verification.ts';
import { routeResendVerification } from './resend-verification.ts';

/** Every call of API v1: the key before the body is read, then bounds, schema and the relay. */
export function routeV1(app: HttpApp, authenticate: Authenticate, relay: Relay): void {
  app.decorateRequest('caller', null);
  app.addHook('onRequest', (request, reply, done) => {
    request.caller = authenticate(request.headers.authorization);
    if (request.caller !== null) return done();
    reply.header('www-authenticate', 'Bearer realm="watchword"');
    done(unauthenticated());
  });
  app.addHook('preValidation', async (request) => checkCallBounds(request));
  routeOpenVerification(app, relay);
  routeCheckDestination(app, relay);
  routeCheckVerification(app, relay);
  routeResendVerification(app, relay);
  routeCancelVerification(app, relay);
  routeReadVerification(app, relay);
  routeReadTimeline(app, relay);
  routeConsumeToken(app, relay);
}
