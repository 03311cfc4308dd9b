import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Received {
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  /** As it arrived. */
  readonly body: string;
}

/** Takes receipts at any path, and answers at once unless it `isDumb`. */
export async function startReceiver() {
  const received: Received[] = [];
  const receiver = { url: '', received, isDumb: false, close: async () => undefined as unknown };
  const take = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await text(request);
    received.push({ path: request.url ?? '', headers: request.headers, body });
    if (!receiver.isDumb) response.writeHead(204).end();
  };
  const server = createServer((request, response) => void take(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  receiver.close = () =>
    new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  return receiver;
}

export type Receiver = Awaited<ReturnType<typeof startReceiver>>;
