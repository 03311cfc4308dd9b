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

const NAME = 'sandbox';

export interface ComposeSandboxOptions {
  readonly logger?: Logger;
}

/** Starts the simulated carriers and the inbox. Throws a StartupError that names the variable when a port is taken. */
export function composeSandbox(
  config: SandboxConfig,
  { logger = createLogger({ service: NAME, level: config.LOG_LEVEL }) }: ComposeSandboxOptions = {},
): Promise<RunningService> {
  return withDisposer(async (disposer) => {
    const registry = createRegistry(NAME);
    const app = buildApp({
      logger,
      registry,
      inbox: createInbox(),
      faults: createFaults(),
      now: Date.now,
      callbackHosts: config.SANDBOX_CALLBACK_HOSTS,
    });
    disposer.add(() => app.close(), 'requests that are being answered');
    const url = await listen(app, { host: config.LISTEN_HOST, port: config.SANDBOX_PORT, variable: 'SANDBOX_PORT' });
    // There is nothing behind the sandbox to wait for.
    const isReady = async () => undefined;
    const admin = await startAdminServer(
      { host: config.LISTEN_HOST, port: config.ADMIN_PORT, registry, isReady },
      disposer,
    );
    return {
      name: NAME,
      url,
      adminUrl: admin.url,
      close: disposer.dispose,
      stopGraceSeconds: config.STOP_GRACE_SECONDS,
      pending: disposer.pending,
    };
  });
}
