import { createHttpApp, type HttpApp, keepBodyText, type Logger, type Registry } from '@watchword/platform';
import type { Authenticate } from './http/authenticate.ts';
import { collectDocumentation, serveDocumentation } from './http/documentation.ts';
import { createRelay } from './http/relay.ts';
import { routeV1 } from './http/routes/v1.ts';
import type { RelayCall } from './usecases/relay-call.ts';

export interface GatewayAppDeps {
  readonly logger: Logger;
  readonly registry: Registry;
  readonly authenticate: Authenticate;
  readonly relayCall: RelayCall;
}

/** The public HTTP interface; neither environment nor listening. */
export async function buildApp({ logger, registry, authenticate, relayCall }: GatewayAppDeps): Promise<HttpApp> {
  const app = createHttpApp({ logger, registry });
  keepBodyText(app);
  await collectDocumentation(app);
  await app.register(async (scope) => routeV1(scope, authenticate, createRelay(relayCall)));
  await serveDocumentation(app);
  return app;
}
