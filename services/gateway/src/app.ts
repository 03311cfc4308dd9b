import { createHttpApp, type HttpApp, keepBodyText, type Logger, type Registry } from '@watchword/platform';
import type { LimitAddress } from './admission/address-limit.ts';
import { collectDocumentation, serveDocumentation } from './http/documentation.ts';
import { createRelay } from './http/relay.ts';
import { routeReadJwks } from './http/routes/read-jwks.ts';
import { routeReceipts } from './http/routes/receive-receipt.ts';
import { routeV1 } from './http/routes/v1.ts';
import type { Access } from './ports.ts';
import type { ReadJwks } from './usecases/read-jwks.ts';
import type { RelayCall } from './usecases/relay-call.ts';
import type { RelayReceipt } from './usecases/relay-receipt.ts';

export interface GatewayAppDeps {
  readonly logger: Logger;
  readonly registry: Registry;
  readonly access: Pick<Access, 'authenticate'>;
  readonly limitAddress: LimitAddress;
  readonly relayCall: RelayCall;
  /** To the console. */
  readonly relayManaged: RelayCall;
  readonly relayReceipt: RelayReceipt;
  readonly readJwks: ReadJwks;
}

const REPEAT_WITH_KEY = 'The outcome is not known. Repeat with the same Idempotency-Key: it is safe.';
const READ_BEFORE_REPEATING =
  'The console did not answer. Whether a change was made is not known: read before repeating it.';
const REPEAT = 'The call could not be carried out, and changed nothing. Repeat it.';
const REPEAT_TO_CONSOLE = 'The console cannot be reached or is too busy. The call changed nothing: repeat it.';

/** The public HTTP interface; neither environment nor listening. */
export async function buildApp(deps: GatewayAppDeps): Promise<HttpApp> {
  const { logger, registry, access, limitAddress, relayCall, relayManaged, relayReceipt, readJwks } = deps;
  const app = createHttpApp({ logger, registry });
  keepBodyText(app);
  await collectDocumentation(app);
  const toOtp = createRelay(relayCall, {
    isIdempotent: true,
    unknownDetail: REPEAT_WITH_KEY,
    unavailableDetail: REPEAT,
  });
  const toConsole = createRelay(relayManaged, {
    isIdempotent: false,
    unknownDetail: READ_BEFORE_REPEATING,
    unavailableDetail: REPEAT_TO_CONSOLE,
  });
  await app.register(async (scope) => routeV1(scope, { access, limitAddress, toOtp, toConsole }));
  await app.register(async (scope) => routeReceipts(scope, relayReceipt));
  routeReadJwks(app, readJwks);
  await serveDocumentation(app);
  return app;
}
