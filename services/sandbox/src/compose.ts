import {
  createLogger,
  createRegistry,
  type Logger,
  listen,
  type RunningService,
  startAdminServer,
  withDisposer,
} from '@watchword/platform';
import { buildApp } from './app.ts';
import type { SandboxConfig } from './config.ts';
import { createFaults } from './domain/faults.ts';
import { createInbox } from './domain/inbox.ts';
import { createOpenCalls } from './http/open-calls.ts';
import { createRelay } from './smtp/relay.ts';

const NAME = 'sandbox';

export interface ComposeSandboxOptions {
  readonly logger?: Logger;
}

export interface RunningSandbox extends RunningService {
  readonly smtpUrl: string;
}

/** Starts the simulated providers and the inbox. Throws a StartupError that names the variable when a port is taken. */
export function composeSandbox(
  config: SandboxConfig,
  { logger = createLogger({ service: NAME, level: config.LOG_LEVEL }) }: ComposeSandboxOptions = {},
): Promise<RunningSandbox> {
  return withDisposer(async (disposer) => {
    const registry = createRegistry(NAME);
    const shared = { logger, inbox: createInbox(), faults: createFaults(), calls: createOpenCalls(), now: Date.now };
    const app = buildApp({
      ...shared,
      registry,
      receiptsUrl: config.RECEIPTS_URL,
      callbackHosts: config.SANDBOX_CALLBACK_HOSTS,
    });
    disposer.add(() => app.close(), 'requests that are being answered');
    const url = await listen(app, { host: config.LISTEN_HOST, port: config.SANDBOX_PORT, variable: 'SANDBOX_PORT' });
    const relay = createRelay(shared);
    disposer.add(() => relay.close(), 'mails that are being taken');
    const smtpUrl = await relay.listen(config.LISTEN_HOST, config.SANDBOX_SMTP_PORT);
    // There is nothing behind the sandbox to wait for.
    const isReady = async () => undefined;
    const admin = await startAdminServer(
      { host: config.LISTEN_HOST, port: config.ADMIN_PORT, registry, isReady },
      disposer,
    );
    disposer.add(() => shared.calls.endAll());
    return {
      name: NAME,
      url,
      smtpUrl,
      adminUrl: admin.url,
      close: disposer.dispose,
      stopGraceSeconds: config.STOP_GRACE_SECONDS,
      pending: disposer.pending,
    };
  });
}
