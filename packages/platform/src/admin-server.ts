import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Disposer } from './disposer.ts';
import { explainListenError, urlOf } from './listening.ts';
import type { Registry } from './metrics.ts';
import { within } from './redis/connection.ts';

export interface AdminServer {
  readonly url: string;
}

export interface AdminServerOptions {
  readonly host: string;
  readonly port: number;
  readonly registry: Registry;
  /** Rejects with the reason while the service cannot do its work. */
  readonly isReady: () => Promise<void>;
  /**
   * Rejects with the reason when only a restart helps: what runs here is stuck though all that it needs answers. Silence
   * within a second counts as a rejection. Without it, a process that answers is alive.
   */
  readonly isAlive?: () => Promise<void>;
}

interface AdminAnswer {
  readonly status: number;
  readonly body: string;
  readonly type?: string;
}

const OK: AdminAnswer = { status: 200, body: 'ok\n' };
const STOPPING: AdminAnswer = { status: 503, body: 'not ready: stopping\n' };
const PROBE_TIMEOUT_MS = 1_000;

/**
 * `/livez` (a restart would not help), `/readyz` (it can do its work), `/metrics` (Prometheus text). It ends with `disposer`, after
 * all else: from the first moment of the stop it says that the service is not ready, and never that it should be killed.
 */
export async function startAdminServer(options: AdminServerOptions, disposer: Disposer): Promise<AdminServer> {
  const { host, port, registry, isReady, isAlive } = options;
  async function answer(path: string | undefined): Promise<AdminAnswer> {
    switch (path) {
      case '/livez':
        return isAlive && !disposer.isDisposing() ? answerProbe('not alive', isAlive) : OK;
      case '/readyz':
        return disposer.isDisposing() ? STOPPING : answerProbe('not ready', isReady);
      case '/metrics':
        return { status: 200, body: await registry.metrics(), type: registry.contentType };
      default:
        return { status: 404, body: 'not found\n' };
    }
  }
  const server = createServer((request, response) => {
    answer(request.url).then(
      ({ status, body, type = 'text/plain; charset=utf-8' }) =>
        response.writeHead(status, { 'content-type': type }).end(body),
      () => response.writeHead(500).end(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(explainListenError(error, port, 'ADMIN_PORT')));
    server.listen(port, host, () => resolve());
  });
  disposer.addLast(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return { url: urlOf(host, (server.address() as AddressInfo).port) };
}

/** Silence is an answer too: what a stopped Redis never says must not hang the probe. */
async function answerProbe(failure: string, probe: () => Promise<void>): Promise<AdminAnswer> {
  try {
    await within(PROBE_TIMEOUT_MS, probe());
    return OK;
  } catch (error) {
    return { status: 503, body: `${failure}: ${error instanceof Error ? error.message : 'unknown'}\n` };
  }
}
