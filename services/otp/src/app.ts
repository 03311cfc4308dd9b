import {
  type Clock,
  createHttpApp,
  type HttpApp,
  type HttpAppOptions,
  keepBodyText,
  type Secret,
} from '@watchword/platform';
import { createHopGuard, requestIdOf } from './http/hop.ts';
import { registerVerificationRoutes, type UseCases } from './http/verification-routes.ts';

export interface OtpAppDeps extends HttpAppOptions {
  readonly hopKey: Secret<Buffer>;
  readonly clock: Clock;
  readonly useCases: UseCases;
}

/** The otp service's HTTP interface: the signed hop and nothing else. */
export function buildApp({ hopKey, clock, useCases, ...options }: OtpAppDeps): HttpApp {
  const app = createHttpApp({ ...options, requestIdOf });
  keepBodyText(app);
  app.addHook('preValidation', createHopGuard(hopKey, clock));
  registerVerificationRoutes(app, useCases);
  return app;
}
