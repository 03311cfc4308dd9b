import type { AddressInfo } from 'node:net';
import {
  createDisposer,
  createLogger,
  createRegistry,
  type HttpApp,
  type Logger,
  type RunningService,
  StartupError,
  startAdminServer,
} from '@watchword/platform';
import { buildApp } from './app.ts';
import type { SandboxConfig } from './config.ts';
import { createFaults } from './domain/faults.ts';
import { createInbox } from './domain/inbox.ts';

const NAME = 'sandbox';
const WILDCARD_HOSTS = new Set(['0.0.0.0', '::']);

export interface ComposeSandboxOptions {
  readonly logger?: Logger;
}

/** Starts the simulated carriers and the inbox. Throws a StartupError that names the variable when a port is taken. */
export async function composeSandbox(
  config: SandboxConfig,
  { logger = createLogger({ service: NAME, level: config.LOG_LEVEL }) }: ComposeSandboxOptions = {},
): Promise<RunningService> {
  const disposer = createDisposer();
  const registry = createRegistry(NAME);
  const app = buildApp({ logger, registry, inbox: createInbox(), faults: createFaults(), now: Date.now });
  disposer.add(() => app.close());
  try {
    const url = await listen(app, config.LISTEN_HOST, config.SANDBOX_PORT);
    const admin = await startAdminServer({
      host: config.LISTEN_HOST,
      port: config.ADMIN_PORT,
      registry,
      // There is nothing behind the sandbox to wait for.
      isReady: async () => undefined,
    }).catch((error: unknown) => {
      throw explainListenError(error, 'ADMIN_PORT', config.ADMIN_PORT);
    });
    disposer.add(() => admin.close());
    return { name: NAME, url, adminUrl: admin.url, close: () => disposer.dispose() };
  } catch (error) {
    await disposer.dispose();
    throw error;
  }
}

async function listen(app: HttpApp, host: string, port: number): Promise<string> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    throw explainListenError(error, 'SANDBOX_PORT', port);
  }
  const { port: boundPort } = app.server.address() as AddressInfo;
  const reachable = WILDCARD_HOSTS.has(host) ? '127.0.0.1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${boundPort}`;
}

function explainListenError(error: unknown, variable: string, port: number): unknown {
  if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) return error;
  return new StartupError(`Port ${port} is taken: set ${variable} to another port, or to 0 for any free one.`);
}
