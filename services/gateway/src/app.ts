import { createHttpApp, type HttpApp, keepBodyText, type Logger, type Registry } from '@watchword/platform';
import type { Authenticate } from './http/authenticate.ts';
import { collectDocumentation, serveDocumentation } from './http/documentation.ts';
import { createRelay } from './http/relay.ts';
import { routeReadJwks } from './http/routes/read-jwks.ts';
import { routeReceipts } from './http/routes/receive-receipt.ts';
import { routeV1 } from './http/routes/v1.ts';
import type { ReadJwks } from './usecases/read-jwks.ts';
import type { RelayCall } from './usecases/relay-call.ts';
import type { RelayReceipt } from './usecases/relay-receipt.ts';

export interface GatewayAppDeps {
  readonly logger: Logger;
  readonly registry: Registry;
  readonly authenticate: Authenticate;
  readonly relayCall: RelayCall;
  readonly relayReceipt: RelayReceipt;
  readonly readJwks: ReadJwks;
}

/** The public HTTP interface; neither environment nor listening. */
export async function buildApp(deps: GatewayAppDeps): Promise<HttpApp> {
  const { logger, registry, authenticate, relayCall, relayReceipt, readJwks } = deps;
  const app = createHttpApp({ logger, registry });
  keepBodyText(app);
  await collectDocumentation(app);
  await app.register(async (scope) => routeV1(scope, authenticate, createRelay(relayCall)));
  await app.register(async (scope) => routeReceipts(scope, relayReceipt));
  routeReadJwks(app, readJwks);
  await serveDocumentation(app);
  return app;
}
