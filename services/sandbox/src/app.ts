import formbody from '@fastify/formbody';
import { createHttpApp, type HttpApp, type Logger, type Registry } from '@watchword/platform';
import type { Faults } from './domain/faults.ts';
import type { Inbox } from './domain/inbox.ts';
import { createOpenCalls } from './http/open-calls.ts';
import { createPostReceipts } from './http/post-receipts.ts';
import { clearFaultsRoute } from './http/routes/clear-faults.ts';
import { clearMessagesRoute } from './http/routes/clear-messages.ts';
import { inboxPageRoute } from './http/routes/inbox-page.ts';
import { listFaultsRoute } from './http/routes/list-faults.ts';
import { listMessagesRoute } from './http/routes/list-messages.ts';
import { sendTwilioMessageRoute } from './http/routes/send-twilio-message.ts';
import { sendVonageSmsRoute } from './http/routes/send-vonage-sms.ts';
import { setFaultRoute } from './http/routes/set-fault.ts';
import { streamInboxRoute } from './http/routes/stream-inbox.ts';

export interface AppDeps {
  readonly logger: Logger;
  readonly registry: Registry;
  readonly inbox: Inbox;
  readonly faults: Faults;
  readonly now: () => number;
  /** Hosts that receipts may go to beside this machine's loopback. */
  readonly callbackHosts: readonly string[];
}

/** The carriers' wire, the inbox API and the page. Closing it ends every call that was left unanswered. */
export function buildApp({ logger, registry, inbox, faults, now, callbackHosts }: AppDeps): HttpApp {
  const app = createHttpApp({ logger, registry });
  const calls = createOpenCalls();
  const postReceipts = createPostReceipts({ calls, logger, hosts: callbackHosts });
  const carrierDeps = { inbox, faults, calls, postReceipts, now };
  app.addHook('preClose', async () => calls.endAll());

  app.register(async (scope) => {
    // Twilio takes forms only, Vonage forms and JSON.
    scope.removeContentTypeParser(['application/json', 'text/plain']);
    scope.register(formbody);
    sendTwilioMessageRoute(scope, carrierDeps);
  });
  app.register(async (scope) => {
    scope.register(formbody);
    sendVonageSmsRoute(scope, carrierDeps);
  });

  listMessagesRoute(app, { inbox, calls });
  streamInboxRoute(app, { inbox, faults, calls });
  clearMessagesRoute(app, { inbox });
  listFaultsRoute(app, { faults });
  setFaultRoute(app, { faults });
  clearFaultsRoute(app, { faults });
  inboxPageRoute(app);
  return app;
}
