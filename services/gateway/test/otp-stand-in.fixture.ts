import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { HOP_HEADERS, type Mode } from '@watchword/contracts';
import { createHopSigner, type HopContext, isHopSignature, type Secret } from '@watchword/platform';

export interface ReceivedCall {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly context: HopContext;
}

export type Answering = (call: ReceivedCall, response: ServerResponse) => void;

export interface OtpStandIn {
  readonly url: string;
  /** Calls whose signature was right, in order. */
  readonly calls: ReceivedCall[];
  /** Calls whose signature was wrong. */
  refused: number;
  answer: Answering;
  close(): Promise<void>;
}

/** A real HTTP server that takes only what is signed with `hopKey`, as the otp service does. */
export async function startOtpStandIn(hopKey: Secret<Buffer>): Promise<OtpStandIn> {
  const signHop = createHopSigner(hopKey);
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const call = await read(request);
    const expected = signHop(call.method, call.path, call.context, call.body);
    if (!isHopSignature(String(request.headers[HOP_HEADERS.signature]), expected)) {
      standIn.refused += 1;
      json(response, 401, { code: 'unauthenticated' }, 'application/problem+json');
      return;
    }
    standIn.calls.push(call);
    standIn.answer(call, response);
  };
  const server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const standIn: OtpStandIn = {
    url: `http://127.0.0.1:${port}`,
    calls: [],
    refused: 0,
    answer: ({ context }, response) => json(response, 202, { operation: context.operation }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return standIn;
}

export function json(response: ServerResponse, status: number, body: unknown, type = 'application/json'): void {
  response.writeHead(status, { 'content-type': type }).end(JSON.stringify(body));
}

async function read(request: IncomingMessage): Promise<ReceivedCall> {
  const header = (name: string) => String(request.headers[name] ?? '');
  return {
    method: request.method ?? '',
    path: request.url ?? '',
    body: await text(request),
    context: {
      requestId: header(HOP_HEADERS.requestId),
      project: header(HOP_HEADERS.project),
      mode: header(HOP_HEADERS.mode) as Mode,
      operation: header(HOP_HEADERS.operation),
      deadline: Number(header(HOP_HEADERS.deadline)),
    },
  };
}
