import type { Socket } from 'node:net';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';

const HEADERS_TIMEOUT_MS = 5_000;
const CHECK_EVERY_MS = 1_000;
/** How long a client may still use the connection that it has, before one that is idle is closed. */
const DRAIN_MS = 1_000;
const DRAIN_STEP_MS = 20;
/** In a turn of the event loop that took no longer, next to nothing can have arrived. */
const QUIET_TURN_MS = 0.2;
const QUIET_TURNS_TRIED_MAX = 1_000;
/** What has not sent its request by now will not. */
const SILENCE_MAX_MS = 1_000;
const REQUEST_MAX_MS = 10_000;

/**
 * Cuts off clients that send their headers or body too slowly: Node looks for them only each 30 s by default.
 *
 * While the app closes, each answer says `connection: close`, and for a while new connections are taken and idle ones kept:
 * cutting one in the instant in which a request comes along it would leave that request without an answer. Then listening
 * ends, idle connections are closed, and each other one as soon as its answer is out.
 */
export function boundConnections(app: FastifyInstance): void {
  const { server } = app;
  Object.assign(server, { headersTimeout: HEADERS_TIMEOUT_MS, connectionsCheckingInterval: CHECK_EVERY_MS });
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });

  let isClosing = false;
  let ended: Promise<void> | undefined;
  // Fastify says so itself in the answers to requests that arrive from now on, not to those that it already has.
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (isClosing) reply.header('connection', 'close');
    done();
  });
  app.addHook('preClose', async () => {
    isClosing = true;
    if (!server.listening) return;
    const drainedAt = performance.now() + DRAIN_MS;
    while (sockets.size > 0 && performance.now() < drainedAt) await delay(DRAIN_STEP_MS);
    await quietTurn(app);
    ended = endConnections(app, sockets);
  });
  app.addHook('onClose', async () => {
    await ended;
  });
}

/**
 * Resolves in a turn of the event loop in which nobody waited to be accepted (one connection is accepted in each turn): those
 * that the kernel has established and nobody has accepted are reset when listening ends.
 */
async function quietTurn({ server }: FastifyInstance): Promise<void> {
  let accepted = 0;
  const count = () => {
    accepted += 1;
  };
  server.on('connection', count);
  for (let tried = 0; tried < QUIET_TURNS_TRIED_MAX; tried += 1) {
    const [acceptedBefore, startedAt] = [accepted, performance.now()];
    await nextTurn();
    // Under load no turn is short: each further one may be a little longer.
    const isShort = performance.now() - startedAt < QUIET_TURN_MS * (1 + tried / 4);
    if (accepted === acceptedBefore && isShort) break;
  }
  server.off('connection', count);
}

/** Ends listening at once; resolves when the last answer is out. */
async function endConnections({ server }: FastifyInstance, sockets: ReadonlySet<Socket>): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  const startedAt = performance.now();
  const timer = setInterval(() => {
    const elapsedMs = performance.now() - startedAt;
    server.closeIdleConnections();
    if (elapsedMs > SILENCE_MAX_MS) for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
    if (elapsedMs > REQUEST_MAX_MS) server.closeAllConnections();
  }, DRAIN_STEP_MS);
  await closed;
  clearInterval(timer);
}
