import { RECEIPT_PROVIDERS } from '@watchword/contracts';
import { type MessageMap, needsMessageMap } from '@watchword/delivery';
import type { Logger } from '@watchword/platform';
import type { BindMessage } from '../ports.ts';
import type { ApplyReceipt } from './apply-receipt.ts';

export interface BindMessageDeps {
  readonly messages: Pick<MessageMap, 'bind'>;
  readonly applyReceipt: ApplyReceipt;
  readonly logger: Logger;
}

/**
 * Says which attempt a message is of at a provider that repeats nothing of ours, and applies the receipts that came before that
 * was known. It stands beside the settlement: whichever of them is first, a receipt joins its attempt.
 */
export function createBindMessage({ messages, applyReceipt, logger }: BindMessageDeps): BindMessage {
  return async function bindMessage({ candidate, attemptId, providerMessageId }) {
    const provider = RECEIPT_PROVIDERS.find((name) => name === candidate.name);
    if (provider === undefined || !needsMessageMap(provider)) return;
    try {
      const parked = await messages.bind({ account: candidate.account, messageId: providerMessageId }, attemptId);
      for (const receipt of parked) await applyReceipt(candidate, attemptId, receipt);
    } catch (error) {
      // The message has gone out, and its settlement matters more than what is told of it later.
      logger.warn({ err: error, attempt: attemptId, provider }, 'receipts of a message may not find their attempt');
    }
  };
}
