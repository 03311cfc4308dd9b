import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { explainListenError, urlOf } from './listening.ts';
import type { Registry } from './metrics.ts';
import { within } from './redis/connection.ts';

export interface AdminServer {
  readonly url: string;
  close(): Promise<void>;
}

export interface AdminServerOptions {
  readonly host: string;
  readonly port: number;
  readonly registry: Registry;
  /** Rejects with the reason while the service cannot do its work. */
  readonly isReady: () => Promise<void>;
}

interface AdminAnswer {
  readonly status: number;
  readonly body: string;
  readonly type?: string;
}

const READY_TIMEOUT_MS = 1_000;

/** `/livez` (the process answers), `/readyz` (it can do its work), `/metrics` (Prometheus text). */
export async function startAdminServer({ host, port, registry, isReady }: AdminServerOptions): Promise<AdminServer> {
  async function answer(path: string | undefined): Promise<AdminAnswer> {
    switch (path) {
      case '/livez':
        return { status: 200, body: 'ok\n' };
      case '/readyz':
        return answerReady(isReady);
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
  const { port: boundPort } = server.address() as AddressInfo;
  return {
    url: urlOf(host, boundPort),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Silence is an answer too: what a stopped Redis never says must not hang the probe. */
async function answerReady(isReady: () => Promise<void>): Promise<AdminAnswer> {
  try {
    await within(READY_TIMEOUT_MS, isReady());
    return { status: 200, body: 'ok\n' };
  } catch (error) {
    return { status: 503, body: `not ready: ${error instanceof Error ? error.message : 'unknown'}\n` };
  }
}
