import {
  RECEIPT_HEADERS,
  RECEIPT_PROVIDERS,
  RECEIPT_REFERENCE_PATTERN,
  type ReceiptCall,
  receiptAnswerSchema,
} from '@watchword/contracts';
import { AppError, type HttpApp } from '@watchword/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { HopOutcome } from '../../ports.ts';
import type { RelayedReceipt, RelayReceipt } from '../../usecases/relay-receipt.ts';
import { receiptProblems } from '../answers.ts';
import { bodyBytesMaxOf, createReceiptBodies } from '../receipt-body.ts';

const params = z.object({
  provider: z.string().describe(RECEIPT_PROVIDERS.map((name) => `\`${name}\``).join(' or ')),
  reference: z
    .string()
    .describe(
      'What the URL that the provider was told ends with: the attempt, `att_…`, or the account, `platform` or its id',
    ),
});

/** Receipts of providers: no key, since their signature stands for it, and the body as its bytes, since it covers those. */
export function routeReceipts(app: HttpApp, relayReceipt: RelayReceipt): void {
  app.removeAllContentTypeParsers();
  // Who calls decides how large it may be: the handler reads it.
  app.addContentTypeParser('*', (_request, body, done) => done(null, body));
  const handler = createHandler(relayReceipt);
  const schema = {
    summary: 'Take a provider’s receipt',
    description:
      'For providers, which sign the call with a secret of their account. A repeat changes nothing; after a 503 a repeat is welcome.',
    tags: ['receipts'],
    security: [],
    params,
    response: { 204: z.null().describe('Taken; also when it says nothing new'), ...receiptProblems },
  };
  const consumes = ['application/x-www-form-urlencoded', 'application/json'];
  const body = z.unknown().describe('The provider’s own fields');
  const path = '/receipts/:provider/:reference';
  app.post(path, { schema: { operationId: 'receiveReceipt', ...schema, consumes, body } }, handler);
  app.get(
    path,
    { schema: { operationId: 'receiveReceiptByQuery', ...schema, ...byQuery }, exposeHeadRoute: false },
    handler,
  );
}

const byQuery = {
  description:
    'For providers that tell of an attempt in the query, and for those that first ask, by a word to be echoed, whether the URL is ours.',
  response: {
    200: {
      description: 'The word that the provider asked for',
      content: { 'text/plain': { schema: z.string() } },
    },
    204: z.null().describe('Taken; also when it says nothing new'),
    ...receiptProblems,
  },
};

function createHandler(relayReceipt: RelayReceipt) {
  const withReceiptBody = createReceiptBodies();

  async function relay(request: FastifyRequest): Promise<HopOutcome> {
    const { provider, reference } = namedBy(request);
    const relayWith = (body: Buffer) =>
      relayReceipt({ requestId: request.id, provider, reference, call: toCall(request, body) });
    // A GET says all in its query.
    if (request.method === 'GET') return relayWith(Buffer.alloc(0));
    return withReceiptBody(request.raw, bodyBytesMaxOf(provider, reference, request.headers), relayWith);
  }

  return function receiveReceipt(request: FastifyRequest, reply: FastifyReply): void {
    relay(request)
      .then((relayed) => answer(request, reply, relayed))
      .catch((error: unknown) => {
        // As much as its sender likes may still be to come.
        if (!request.raw.complete) reply.header('connection', 'close');
        reply.send(error);
      });
  };
}

function answer(request: FastifyRequest, reply: FastifyReply, relayed: HopOutcome): void {
  if (relayed.outcome === 'unanswered') {
    request.log.warn({ reason: relayed.reason }, 'receipt not relayed');
    const detail = 'Send the receipt again later: it is safe.';
    reply.send(new AppError('unavailable', { detail, retryAfterSeconds: 1 }));
    return;
  }
  const { status, contentType, retryAfter, body } = relayed;
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter);
  if (status === 200) acknowledge(reply, body);
  else reply.code(status).header('content-type', contentType).send(body);
}

function acknowledge(reply: FastifyReply, body: string): void {
  const { data } = receiptAnswerSchema.safeParse(JSON.parse(body));
  if (data !== undefined && 'challenge' in data) {
    reply.code(200).header('content-type', PLAIN_TEXT).send(data.challenge);
  } else {
    reply.code(204).send();
  }
}

const PLAIN_TEXT = 'text/plain; charset=utf-8';

/** What has not even the shape of a receipt URL of ours costs no hop. */
function namedBy(request: FastifyRequest): Pick<RelayedReceipt, 'provider' | 'reference'> {
  const { provider: name, reference } = request.params as z.infer<typeof params>;
  const provider = RECEIPT_PROVIDERS.find((known) => known === name);
  if (provider === undefined || !RECEIPT_REFERENCE_PATTERN.test(reference)) {
    throw new AppError('not_found', { detail: 'Nothing has this receipt URL.' });
  }
  return { provider, reference };
}

function toCall({ method, raw, headers }: FastifyRequest, body: Buffer): ReceiptCall {
  const { url = '' } = raw;
  const queryAt = url.indexOf('?');
  return {
    method: method === 'GET' ? 'GET' : 'POST',
    query: queryAt < 0 ? '' : url.slice(queryAt + 1),
    contentType: headers['content-type'] ?? '',
    headers: Object.fromEntries(
      RECEIPT_HEADERS.flatMap((name) => {
        const value = headers[name];
        return typeof value === 'string' ? [[name, value]] : [];
      }),
    ),
    body: body.toString('base64'),
  };
}
