import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { explainListenError, urlOf } from './listening.ts';
import type { Registry } from './metrics.ts';

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

/** `/livez` (the process answers), `/readyz` (it can do its work), `/metrics` (Prometheus text). */
export async function startAdminServer({ host, port, registry, isReady }: AdminServerOptions): Promise<AdminServer> {
  const server = createServer(async (request, response) => {
    const reply = (status: number, body: string, type = 'text/plain; charset=utf-8') =>
      response.writeHead(status, { 'content-type': type }).end(body);
    if (request.url === '/livez') reply(200, 'ok\n');
    else if (request.url === '/metrics') reply(200, await registry.metrics(), registry.contentType);
    else if (request.url === '/readyz') {
      await isReady().then(
        () => reply(200, 'ok\n'),
        (error: unknown) => reply(503, `not ready: ${error instanceof Error ? error.message : 'unknown'}\n`),
      );
    } else reply(404, 'not found\n');
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
