import type { AcceptedVerification, Channel } from '@watchword/contracts';
import { type Clock, type Logger, within } from '@watchword/platform';
import type { Addresses, CallContext, Sent } from '@watchword/verifications';
import { addressOf, maskAddress } from '@watchword/verifications/addresses';
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
    const enqueued = Promise.all(sent.deliveries.map((delivery) => queue.enqueue(delivery, 0, requestId)));
    await within(patienceMs, enqueued).catch((error: unknown) =>
      logger.warn({ err: error, requestId }, 'the due set will enqueue what is left of this send'),
    );
    return {
      id: sent.id,
      status: 'pending',
      deliveries: sent.deliveries.map(({ id, channel }) => ({
        id,
        channel,
        to_masked: maskDestination(sent.addresses, channel),
        status: 'queued',
      })),
      expires_at: new Date(sent.expiresAt).toISOString(),
      resend_at: new Date(sent.resendAt).toISOString(),
      sends_remaining: sent.sendsRemaining,
      checks_remaining: sent.checksRemaining,
    };
  };
}

/** Where a channel's code goes, for its owner to know it; undefined addresses are erased ones. */
export const maskDestination = (addresses: Addresses | undefined, channel: Channel): string =>
  maskAddress(addresses && addressOf(addresses, channel), channel);
