import {
  type Clock,
  createHttpApp,
  type HttpApp,
  type HttpAppOptions,
  keepBodyText,
  type Secret,
} from '@watchword/platform';
import { createHopGuard, requestIdOf } from './http/hop.ts';
import { registerReceiptRoute } from './http/receipt-route.ts';
import { registerTokenRoutes, type TokenUseCases } from './http/token-routes.ts';
import { registerVerificationRoutes, type UseCases } from './http/verification-routes.ts';
import type { ApplyReceipt } from './usecases/apply-receipt.ts';

export interface OtpAppDeps extends HttpAppOptions {
  readonly hopKey: Secret<Buffer>;
  readonly clock: Clock;
  readonly useCases: UseCases & TokenUseCases;
  readonly applyReceipt: ApplyReceipt;
}

/** The otp service's HTTP interface: the signed hop and nothing else. */
export function buildApp({ hopKey, clock, useCases, applyReceipt, ...options }: OtpAppDeps): HttpApp {
  const app = createHttpApp({ ...options, requestIdOf });
  keepBodyText(app);
  app.addHook('preValidation', createHopGuard(hopKey, clock));
  registerVerificationRoutes(app, useCases);
  registerTokenRoutes(app, useCases);
  registerReceiptRoute(app, applyReceipt);
  return app;
}
