import { connect, createServer, type Socket } from 'node:net';

/** Stands before a server and, while it hangs, takes what it gets and passes nothing on: as a stopped process does. */
export interface HangingProxy {
  readonly port: number;
  hang(): void;
  /** From now on, everything takes this much longer, ms. */
  slow(byMs: number): void;
  serve(): void;
  close(): Promise<void>;
}

export async function startHangingProxy(host: string, port: number): Promise<HangingProxy> {
  const sockets = new Set<Socket>();
  let isHanging = false;
  let slowByMs = 0;
  const server = createServer((client) => {
    const upstream = connect(port, host);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on('data', (data) => {
        if (slowByMs === 0) to.write(data);
        else setTimeout(() => to.write(data), slowByMs);
      });
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      // Each end that fails closes, which is told to the other one.
      from.on('error', () => undefined);
    }
    if (isHanging) for (const socket of [client, upstream]) socket.pause();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const all = (change: (socket: Socket) => unknown) => sockets.forEach((socket) => change(socket));
  return {
    port: address.port,
    hang() {
      isHanging = true;
      all((socket) => socket.pause());
    },
    slow(byMs) {
      slowByMs = byMs;
    },
    serve() {
      isHanging = false;
      all((socket) => socket.resume());
    },
    async close() {
      all((socket) => socket.destroy());
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
