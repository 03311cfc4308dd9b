import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Faults } from '../domain/faults.ts';
import type { Inbox } from '../domain/inbox.ts';
import type { ReceiptScript } from '../domain/receipts.ts';
import type { Carrier, CarrierCall, TakenCall, WireAnswer } from '../wire/carrier.ts';
import { cutConnection, delayCall, leaveUnanswered, type OpenCalls } from './open-calls.ts';
import type { PostReceipts } from './post-receipts.ts';
import { toRawRequest } from './raw-request.ts';
import { wireBodyOf } from './wire-bodies.ts';

/** What all carriers share. */
export interface CarrierDeps {
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
export function createCarrierRoute(carrier: Carrier, { inbox, faults, calls, postReceipts, now }: CarrierDeps) {
  const { provider } = carrier;

  async function accept(request: FastifyRequest, taken: TakenCall, receipt = DELIVERED): Promise<WireAnswer> {
    const at = now();
    const { id, to, text, subject = null, code, segments = null } = taken;
    inbox.add({
      id,
      channel: carrier.channelOf(toCarrierCall(request)),
      provider,
      to,
      subject,
      text,
      html: null,
      code,
      segments,
      at,
      request: toRawRequest(request),
    });
    const posted = postReceipts({ id, provider, callback: taken.callback, script: receipt });
    if (receipt.mode === 'early_receipt') await posted;
    return taken.answer(at);
  }

  return async function answerSend(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const call = toCarrierCall(request);
    const { mode, delayMs, code, receipt } = faults.take(provider, carrier.channelOf(call));
    if (mode === 'hang') return leaveUnanswered(calls, reply);
    if (mode === 'lost_answer') {
      const lost = carrier.read(call);
      if (lost.taken) await accept(request, lost, receipt);
    }
    await delayCall(calls, delayMs);
    if (mode === 'reset' || mode === 'lost_answer') return cutConnection(reply);
    if (mode !== 'ok') return sendAnswer(reply, carrier.refuse(mode, call, code));
    const judged = carrier.read(call);
    return sendAnswer(reply, judged.taken ? await accept(request, judged, receipt) : judged.answer);
  };
}

export function toCarrierCall({ headers, body, params, query }: FastifyRequest): CarrierCall {
  return {
    authorization: headers.authorization,
    fields: wireBodyOf(body).fields,
    params: params as Record<string, string>,
    query: query as Record<string, unknown>,
  };
}

export function sendAnswer(reply: FastifyReply, { status, body }: WireAnswer): FastifyReply {
  return body === undefined ? reply.code(status).send() : reply.code(status).send(body);
}
