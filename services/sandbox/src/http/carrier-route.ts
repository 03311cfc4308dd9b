import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Faults } from '../domain/faults.ts';
import type { Inbox } from '../domain/inbox.ts';
import type { ReceiptScript } from '../domain/receipts.ts';
import type { Carrier, CarrierCall, TakenCall, WireAnswer } from '../wire/carrier.ts';
import { cutConnection, delayCall, leaveUnanswered, type OpenCalls } from './open-calls.ts';
import type { PostReceipts } from './post-receipts.ts';

export interface CarrierRouteDeps {
  readonly carrier: Carrier;
  readonly inbox: Inbox;
  readonly faults: Faults;
  readonly calls: OpenCalls;
  readonly postReceipts: PostReceipts;
  readonly now: () => number;
}

const DELIVERED: ReceiptScript = { mode: 'delivered' };

/**
 * Answers one send as the provider's present fault says. A delay comes before an accepted message is in the inbox, except
 * in `lost_answer`, where the message arrives at once and only the cut is late.
 */
export function createCarrierRoute({ carrier, inbox, faults, calls, postReceipts, now }: CarrierRouteDeps) {
  async function accept(taken: TakenCall, receipt = DELIVERED): Promise<WireAnswer> {
    const at = now();
    inbox.add({ id: taken.id, provider: carrier.provider, to: taken.to, text: taken.text, at });
    const posted = postReceipts(carrier, taken.callback, receipt);
    if (receipt.mode === 'early_receipt') await posted;
    return taken.answer(at);
  }

  return async function answerSend(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const call = toCarrierCall(request);
    const { mode, delayMs, code, receipt } = faults.take(carrier.provider);
    if (mode === 'hang') return leaveUnanswered(calls, reply);
    if (mode === 'lost_answer') {
      const lost = carrier.read(call);
      if (lost.taken) await accept(lost, receipt);
    }
    await delayCall(calls, delayMs);
    if (mode === 'reset' || mode === 'lost_answer') return cutConnection(reply);
    if (mode !== 'ok') return sendAnswer(reply, carrier.refuse(mode, call, code));
    const judged = carrier.read(call);
    return sendAnswer(reply, judged.taken ? await accept(judged, receipt) : judged.answer);
  };
}

function toCarrierCall({ headers, body, params }: FastifyRequest): CarrierCall {
  return {
    authorization: headers.authorization,
    fields: typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {},
    params: params as Record<string, string>,
  };
}

function sendAnswer(reply: FastifyReply, { status, body }: WireAnswer): FastifyReply {
  return body === undefined ? reply.code(status).send() : reply.code(status).send(body);
}
