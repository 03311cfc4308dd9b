import type { AcceptedVerification } from '@watchword/contracts';
import { type Clock, type Logger, within } from '@watchword/platform';
import type { CallContext, Sent } from '@watchword/verifications';
import { maskPhoneNumber } from '@watchword/verifications/phone-number';
import type { DeliveryQueue } from '../ports.ts';

export type HandOver = (sent: Sent, call: CallContext, requestId: string) => Promise<AcceptedVerification>;

/** Kept free for answering after the queue was given up. */
const ANSWER_RESERVE_MS = 150;

/**
 * Enqueues what `open` or `resend` committed, and answers 202 whether that worked or not: the commit was the acceptance,
 * and the due set enqueues within seconds what could not be enqueued here.
 */
export function createHandOver(queue: DeliveryQueue, clock: Clock, logger: Logger): HandOver {
  return async function handOver(sent, call, requestId) {
    const patienceMs = Math.max(0, call.deadline - clock.serverNow() - ANSWER_RESERVE_MS);
    const enqueued = queue.enqueue(sent.deliveryId, 0, requestId);
    await within(patienceMs, enqueued).catch((error: unknown) =>
      logger.warn({ err: error, requestId }, 'the due set will enqueue this delivery'),
    );
    return {
      id: sent.id,
      status: 'pending',
      deliveries: [
        { id: sent.deliveryId, channel: 'sms', to_masked: maskPhoneNumber(sent.destination), status: 'queued' },
      ],
      expires_at: new Date(sent.expiresAt).toISOString(),
      resend_at: new Date(sent.resendAt).toISOString(),
      sends_remaining: sent.sendsRemaining,
      checks_remaining: sent.checksRemaining,
    };
  };
}
