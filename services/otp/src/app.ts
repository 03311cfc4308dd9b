import {
  type Clock,
  createHttpApp,
  createRecordRequest,
  type HttpApp,
  type Logger,
  type Registry,
  type Secret,
} from '@watchword/platform';
import { createAnswerCall } from './http/answer-call.ts';
import { serveHop } from './http/hop.ts';
import { receiptRoute } from './http/receipt-route.ts';
import { type TokenUseCases, tokenRoutes } from './http/token-routes.ts';
import { type UseCases, verificationRoutes } from './http/verification-routes.ts';
import type { ApplyReceipt } from './usecases/apply-receipt.ts';

export interface OtpAppDeps {
  readonly logger: Logger;
  readonly registry: Registry;
  readonly hopKey: Secret<Buffer>;
  readonly clock: Clock;
  readonly useCases: UseCases & TokenUseCases;
  readonly applyReceipt: ApplyReceipt;
}

/** The otp service's HTTP interface: the signed hop and nothing else. */
export function buildApp({ logger, registry, hopKey, clock, useCases, applyReceipt }: OtpAppDeps): HttpApp {
  const recordRequest = createRecordRequest(registry);
  const app = createHttpApp({ logger, registry, recordRequest });
  const routes = [...verificationRoutes(useCases), ...tokenRoutes(useCases), receiptRoute(applyReceipt)];
  serveHop(app, hopKey, createAnswerCall({ routes, clock, logger, recordRequest }));
  return app;
}
