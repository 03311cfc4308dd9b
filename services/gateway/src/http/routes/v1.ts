import { MANAGEMENT_CALLS, SEARCH_CALLS } from '@watchword/contracts';
import type { HttpApp } from '@watchword/platform';
import { type AuthenticateDeps, authenticateCalls } from '../authenticate.ts';
import { checkCallBounds } from '../call-bounds.ts';
import type { Relay } from '../relay.ts';
import { routeCancelVerification } from './cancel-verification.ts';
import { routeCheckDestination } from './check-destination.ts';
import { routeCheckVerification } from './check-verification.ts';
import { routeConsumeToken } from './consume-token.ts';
import { routeEraseDestination } from './erase-destination.ts';
import { routeManaged } from './managed.ts';
import { routeOpenVerification } from './open-verification.ts';
import { routeReadTimeline } from './read-timeline.ts';
import { routeReadVerification } from './read-verification.ts';
import { routeResendVerification } from './resend-verification.ts';

export interface V1Deps extends AuthenticateDeps {
  readonly toOtp: Relay;
  readonly toConsole: Relay;
}

/** Every call of API v1: the key before the body is read, then bounds, schema and the relay. */
export function routeV1(app: HttpApp, { toOtp, toConsole, ...deps }: V1Deps): void {
  authenticateCalls(app, deps);
  app.addHook('preValidation', async (request) => checkCallBounds(request));
  routeOpenVerification(app, toOtp);
  routeCheckDestination(app, toOtp);
  routeCheckVerification(app, toOtp);
  routeResendVerification(app, toOtp);
  routeCancelVerification(app, toOtp);
  routeReadVerification(app, toOtp);
  routeReadTimeline(app, toOtp);
  routeConsumeToken(app, toOtp);
  routeEraseDestination(app, toOtp);
  routeManaged(app, MANAGEMENT_CALLS, toConsole, { isManaged: true });
  routeManaged(app, SEARCH_CALLS, toConsole, { isManaged: false });
}
