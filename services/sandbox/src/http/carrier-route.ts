import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Faults } from '../domain/faults.ts';
import type { Inbox } from '../domain/inbox.ts';
import type { Carrier, CarrierCall, TakenCall, WireAnswer } from '../wire/carrier.ts';
import { cutConnection, delayCall, leaveUnanswered, type OpenCalls } from './open-calls.ts';

export interface CarrierRouteDeps {
  readonly carrier: Carrier;
  readonly inbox: Inbox;
  readonly faults: Faults;
  readonly calls: OpenCalls;
  readonly now: () => number;
}

/**
 * Answers one send as the provider's present fault says. A delay comes before an accepted message is in the inbox, except
 * in `lost_answer`, where the message arrives at once and only the cut is late.
 */
export function createCarrierRoute({ carrier, inbox, faults, calls, now }: CarrierRouteDeps) {
  function accept(taken: TakenCall): WireAnswer {
    const at = now();
    inbox.add({ id: taken.id, provider: carrier.provider, to: taken.to, text: taken.text, at });
    return taken.answer(at);
  }

  return async function answerSend(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const call = toCarrierCall(request);
    const { mode, delayMs, code } = faults.take(carrier.provider);
    if (mode === 'hang') return leaveUnanswered(calls, reply);
    if (mode === 'lost_answer') {
      const lost = carrier.read(call);
      if (lost.taken) accept(lost);
    }
    await delayCall(calls, delayMs);
    if (mode === 'reset' || mode === 'lost_answer') return cutConnection(reply);
    if (mode !== 'ok') return sendAnswer(reply, carrier.refuse(mode, call, code));
    const judged = carrier.read(call);
    return sendAnswer(reply, judged.taken ? accept(judged) : judged.answer);
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
