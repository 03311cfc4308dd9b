import {
  type Clock,
  createAnswerCall,
  createHttpApp,
  createRecordRequest,
  type HopRoute,
  type HttpApp,
  type Logger,
  type Registry,
  type Secret,
  serveHop,
} from '@watchword/platform';

export interface ConsoleAppDeps {
  readonly logger: Logger;
  readonly registry: Registry;
  readonly hopKey: Secret<Buffer>;
  readonly clock: Clock;
  /** Lists of routes, one per part of the API. */
  readonly routes: readonly (readonly HopRoute[])[];
}

/** The console's HTTP interface: the signed hop and nothing else. */
export function buildApp({ logger, registry, hopKey, clock, routes }: ConsoleAppDeps): HttpApp {
  const recordRequest = createRecordRequest(registry);
  const app = createHttpApp({ logger, registry, recordRequest });
  serveHop(app, hopKey, createAnswerCall({ routes: routes.flat(), clock, logger, recordRequest }));
  return app;
}
