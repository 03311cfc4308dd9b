import {
  type Clock,
  createAnswerCall,
  createHttpApp,
  createRecordRequest,
  type HttpApp,
  type Logger,
  type Registry,
  type Secret,
  serveHop,
} from '@watchword/platform';
import { erasureRoute } from './http/erasure-route.ts';
import { receiptRoute } from './http/receipt-route.ts';
import { type TokenUseCases, tokenRoutes } from './http/token-routes.ts';
import { type UseCases, verificationRoutes } from './http/verification-routes.ts';
import type { ApplyReceipts } from './usecases/apply-receipts.ts';
import type { createEraseDestination } from './usecases/erase-destination.ts';

/** The gateway's largest call, alone in its batch: a receipt of Meta's 3 MiB, in base64. */
const BATCH_BYTES_MAX = 5 * 1024 * 1024;

export interface OtpAppDeps {
  readonly logger: Logger;
  readonly registry: Registry;
  readonly hopKey: Secret<Buffer>;
  readonly clock: Clock;
  readonly useCases: UseCases & TokenUseCases;
  readonly applyReceipts: ApplyReceipts;
  readonly eraseDestination: ReturnType<typeof createEraseDestination>;
}

/** The otp service's HTTP interface: the signed hop and nothing else. */
export function buildApp(deps: OtpAppDeps): HttpApp {
  const { logger, registry, hopKey, clock, useCases, applyReceipts, eraseDestination } = deps;
  const recordRequest = createRecordRequest(registry);
  const app = createHttpApp({ logger, registry, recordRequest });
  const routes = [
    ...verificationRoutes(useCases),
    ...tokenRoutes(useCases),
    erasureRoute(eraseDestination),
    receiptRoute(applyReceipts),
  ];
  serveHop(app, hopKey, createAnswerCall({ routes, clock, logger, recordRequest }), BATCH_BYTES_MAX);
  return app;
}
