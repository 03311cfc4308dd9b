import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import {
  type BatchedAnswer,
  batchSchema,
  HOP_ANSWERS_TYPE,
  HOP_PATH,
  HOP_SIGNATURE_HEADER,
} from '@watchword/contracts';
import { createHopSigner, type HopContext, isHopSignature, type Secret } from '@watchword/platform';

export interface ReceivedCall {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly context: HopContext;
}

export interface StandInReply {
  /** Answers this call of its batch, in a line of its own. */
  answer(answer: Omit<BatchedAnswer, 'call'>): void;
  /** The whole batch's, for what no otp service would say. */
  readonly response: ServerResponse;
}

export type Answering = (call: ReceivedCall, reply: StandInReply) => void;

export interface OtpStandIn {
  readonly url: string;
  /** Calls whose signature was right, in order. */
  readonly calls: ReceivedCall[];
  /** How many calls each batch had, in order. */
  readonly batches: number[];
  /** Batches whose signature was wrong. */
  refused: number;
  answer: Answering;
  close(): Promise<void>;
}

/** A real HTTP server that takes only what is signed with `hopKey`, as the otp service does. */
export async function startOtpStandIn(hopKey: Secret<Buffer>): Promise<OtpStandIn> {
  const sign = createHopSigner(hopKey);
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const batch = await text(request);
    const signature = String(request.headers[HOP_SIGNATURE_HEADER]);
    if (request.url !== HOP_PATH || !isHopSignature(signature, sign(batch))) {
      standIn.refused += 1;
      response.writeHead(401, { 'content-type': 'application/problem+json' }).end('{"code":"unauthenticated"}');
      return;
    }
    answerBatch(standIn, batch, response);
  };
  const server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const standIn: OtpStandIn = {
    url: `http://127.0.0.1:${port}`,
    calls: [],
    batches: [],
    refused: 0,
    answer: ({ context }, reply) => json(reply, 202, { operation: context.operation }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return standIn;
}

function answerBatch(standIn: OtpStandIn, batch: string, response: ServerResponse): void {
  const calls = batchSchema.parse(JSON.parse(batch));
  standIn.batches.push(calls.length);
  let unanswered = calls.length;
  for (const [call, { method, path, body, ...context }] of calls.entries()) {
    const received = { method, path, body, context };
    standIn.calls.push(received);
    const answer: StandInReply['answer'] = (given) => {
      unanswered -= 1;
      if (!response.headersSent) response.writeHead(200, { 'content-type': HOP_ANSWERS_TYPE });
      response.write(`${JSON.stringify([{ call, ...given }])}\n`);
      if (unanswered === 0) response.end();
    };
    standIn.answer(received, { answer, response });
  }
}

export function json({ answer }: StandInReply, status: number, body: unknown, contentType = 'application/json'): void {
  answer({ status, contentType, body: JSON.stringify(body) });
}
