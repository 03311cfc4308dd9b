import type { FastifyInstance } from 'fastify';

const HEADERS_TIMEOUT_MS = 5_000;
const CHECK_EVERY_MS = 1_000;
const CLOSE_IDLE_EVERY_MS = 20;

/**
 * Cuts off clients that send their headers or body too slowly: Node looks for them only each 30 s by default. While the
 * app closes, a kept-alive connection ends as soon as its answer is out, instead of holding the close for its idle time.
 */
export function boundConnections(app: FastifyInstance): void {
  Object.assign(app.server, { headersTimeout: HEADERS_TIMEOUT_MS, connectionsCheckingInterval: CHECK_EVERY_MS });
  app.addHook('preClose', async () => {
    if (!app.server.listening) return;
    const timer = setInterval(() => app.server.closeIdleConnections(), CLOSE_IDLE_EVERY_MS);
    app.server.once('close', () => clearInterval(timer));
  });
}
