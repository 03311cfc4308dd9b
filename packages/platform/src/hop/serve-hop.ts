import type { ServerResponse } from 'node:http';
import {
  BATCH_BYTES_MAX,
  type BatchedAnswer,
  type BatchedCall,
  batchSchema,
  HOP_ANSWERS_TYPE,
  HOP_PATH,
  HOP_SIGNATURE_HEADER,
} from '@watchword/contracts';
import { AppError } from '../errors.ts';
import type { HttpApp } from '../http/app.ts';
import type { Secret } from '../secret.ts';
import type { AnswerCall } from './answer-call.ts';
import { createHopSigner, isHopSignature } from './hop-signature.ts';

/**
 * Takes batches that the gateway signed; anything else is 401 or 400 as a whole, and learns nothing. The calls of a batch run
 * at once, and each is answered when it is ready, so that a slow one holds back no other.
 */
export function serveHop(
  app: HttpApp,
  hopKey: Secret<Buffer>,
  answerCall: AnswerCall,
  batchBytesMax = BATCH_BYTES_MAX,
): void {
  const sign = createHopSigner(hopKey);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.post(HOP_PATH, { bodyLimit: batchBytesMax, config: { carriesOthers: true } }, (request, reply) => {
    const batch = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    if (!isHopSignature(String(request.headers[HOP_SIGNATURE_HEADER]), sign(batch))) {
      throw new AppError('unauthenticated', {
        detail:
          'The hop signature is wrong: this service answers the gateway only, and HOP_KEY must be the same in both.',
      });
    }
    const calls = parseBatch(batch);
    // Fastify says so itself of what arrives while it closes.
    if (reply.getHeader('connection') === 'close') reply.raw.setHeader('connection', 'close');
    reply.hijack();
    answerAll(calls, answerCall, reply.raw);
  });
}

function parseBatch(batch: Buffer): BatchedCall[] {
  try {
    return batchSchema.parse(JSON.parse(batch.toString('utf8')));
  } catch (cause) {
    throw new AppError('invalid_request', { detail: 'This is no batch of calls.', cause });
  }
}

/** Answers that are ready in one turn of the event loop leave in one line. */
function answerAll(calls: readonly BatchedCall[], answerCall: AnswerCall, response: ServerResponse): void {
  let unanswered = calls.length;
  let ready: BatchedAnswer[] = [];
  const flush = () => {
    const line = `${JSON.stringify(ready)}\n`;
    unanswered -= ready.length;
    ready = [];
    if (unanswered === 0) response.end(line);
    else response.write(line);
  };
  response.setHeader('content-type', HOP_ANSWERS_TYPE);
  for (const [index, call] of calls.entries()) {
    void answerCall(call).then((answer) => {
      if (ready.push({ call: index, ...answer }) === 1) setImmediate(flush);
    });
  }
}
