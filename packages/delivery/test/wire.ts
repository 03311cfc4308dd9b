import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export type Answer = (response: ServerResponse, request: ReceivedRequest) => void;

/** A provider's wire whose answer each test sets. */
export interface Wire {
  readonly url: string;
  readonly received: ReceivedRequest[];
  /** Connections made so far. */
  connections(): number;
  answer(answer: Answer): void;
  close(): Promise<void>;
}

export async function startWire(): Promise<Wire> {
  const received: ReceivedRequest[] = [];
  let connections = 0;
  let answer: Answer = (response) => response.writeHead(500).end();
  const server: Server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const request = {
        method: incoming.method ?? '',
        path: incoming.url ?? '',
        headers: incoming.headers,
        body: Buffer.concat(chunks).toString('utf8'),
      };
      received.push(request);
      answer(response, request);
    });
  });
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    connections: () => connections,
    answer: (next) => {
      answer = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };

export const raw =
  (status: number, body: string, type = 'text/html'): Answer =>
  (response) => {
    response.writeHead(status, { 'content-type': type }).end(body);
  };

export const hang: Answer = () => undefined;

export const reset: Answer = (response) => {
  response.socket?.resetAndDestroy();
};

/** Headers and half a body, then the connection ends. */
export const cutAnswer =
  (status: number, body: string): Answer =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', 'transfer-encoding': 'chunked' });
    response.write(body.slice(0, body.length / 2), () => response.socket?.destroy());
  };
