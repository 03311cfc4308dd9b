import { createHttpApp, type HttpApp, type Logger, type Registry } from '@watchword/platform';
import type { Faults } from './domain/faults.ts';
import type { Inbox } from './domain/inbox.ts';
import type { OpenCalls } from './http/open-calls.ts';
import { createPostReceipts } from './http/post-receipts.ts';
import { carrierRoutes } from './http/routes/carriers.ts';
import { clearFaultsRoute } from './http/routes/clear-faults.ts';
import { clearMessagesRoute } from './http/routes/clear-messages.ts';
import { inboxPageRoute } from './http/routes/inbox-page.ts';
import { issueAccessTokenRoute } from './http/routes/issue-access-token.ts';
import { listFaultsRoute } from './http/routes/list-faults.ts';
import { listMessagesRoute } from './http/routes/list-messages.ts';
import { setFaultRoute } from './http/routes/set-fault.ts';
import { showMessageRoute } from './http/routes/show-message.ts';
import { streamInboxRoute } from './http/routes/stream-inbox.ts';

export interface AppDeps {
  readonly logger: Logger;
  readonly registry: Registry;
  readonly inbox: Inbox;
  readonly faults: Faults;
  readonly calls: OpenCalls;
  readonly now: () => number;
  /** Base URL of the gateway, for providers that call one receipt URL per account. */
  readonly receiptsUrl: string | undefined;
  /** Hosts that receipts may go to beside this machine's loopback. */
  readonly callbackHosts: readonly string[];
}

/** The carriers' wires by HTTP, the inbox API and the page. `calls` are to be ended before it is closed. */
export function buildApp(deps: AppDeps): HttpApp {
  const { logger, registry, inbox, faults, calls, now, receiptsUrl, callbackHosts } = deps;
  const app = createHttpApp({ logger, registry });
  const postReceipts = createPostReceipts({ inbox, calls, logger, now, hosts: callbackHosts });

  carrierRoutes(app, { inbox, faults, calls, postReceipts, now, receiptsUrl });
  issueAccessTokenRoute(app, { now });

  listMessagesRoute(app, { inbox, calls });
  streamInboxRoute(app, { inbox, faults, calls });
  showMessageRoute(app, { inbox });
  clearMessagesRoute(app, { inbox });
  listFaultsRoute(app, { faults });
  setFaultRoute(app, { faults });
  clearFaultsRoute(app, { faults });
  inboxPageRoute(app);
  return app;
}
