import { ATTEMPT_ID_PATTERN, RECEIPT_PROVIDERS, type ReceiptCall } from '@watchword/contracts';
import { AppError, type HttpApp } from '@watchword/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { HopOutcome } from '../../ports.ts';
import type { RelayedReceipt, RelayReceipt } from '../../usecases/relay-receipt.ts';
import { receiptProblems } from '../answers.ts';

const params = z.object({
  provider: z.string().describe(RECEIPT_PROVIDERS.map((name) => `\`${name}\``).join(' or ')),
  attempt: z.string().describe('`att_…`, as the attempt’s callback URL has it'),
});

/** Receipts of providers: no key, since their signature stands for it, and the body as its bytes, since it covers those. */
export function routeReceipts(app: HttpApp, relayReceipt: RelayReceipt): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  const handler = createHandler(relayReceipt);
  const schema = {
    summary: 'Take a provider’s receipt',
    description:
      'For providers, which sign the call with a secret of their account. A repeat changes nothing; after a 503 a repeat is welcome.',
    tags: ['receipts'],
    security: [],
    params,
    response: {
      204: z.null().describe('Taken; also when it says nothing new or nobody knows its verification any more'),
      ...receiptProblems,
    },
  };
  const consumes = ['application/x-www-form-urlencoded', 'application/json'];
  const body = z.unknown().describe('The provider’s own fields');
  const path = '/receipts/:provider/:attempt';
  app.post(path, { schema: { operationId: 'receiveReceipt', ...schema, consumes, body } }, handler);
  app.get(path, { schema: { operationId: 'receiveReceiptByQuery', ...schema }, exposeHeadRoute: false }, handler);
}

function createHandler(relayReceipt: RelayReceipt) {
  return function receiveReceipt(request: FastifyRequest, reply: FastifyReply): void {
    relayReceipt(toReceipt(request)).then(
      (relayed) => answer(request, reply, relayed),
      (error: unknown) => reply.send(error),
    );
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
  if (status === 200) reply.code(204).send();
  else reply.code(status).header('content-type', contentType).send(body);
}

/** What has not even the shape of a receipt URL of ours costs no hop. */
function toReceipt(request: FastifyRequest): RelayedReceipt {
  const { provider: name, attempt } = request.params as z.infer<typeof params>;
  const provider = RECEIPT_PROVIDERS.find((known) => known === name);
  if (provider === undefined || !ATTEMPT_ID_PATTERN.test(attempt)) {
    throw new AppError('not_found', { detail: 'No attempt has this receipt URL.' });
  }
  return { requestId: request.id, provider, attemptId: attempt, call: toCall(request) };
}

function toCall({ method, raw, headers, body }: FastifyRequest): ReceiptCall {
  const { url = '' } = raw;
  const queryAt = url.indexOf('?');
  return {
    method: method === 'GET' ? 'GET' : 'POST',
    query: queryAt < 0 ? '' : url.slice(queryAt + 1),
    contentType: headers['content-type'] ?? '',
    twilioSignature: String(headers['x-twilio-signature'] ?? ''),
    body: Buffer.isBuffer(body) ? body.toString('base64') : '',
  };
}
