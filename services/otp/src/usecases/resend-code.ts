import type { AcceptedVerification, ResendVerification } from '@watchword/contracts';
import { AppError } from '@watchword/platform';
import { parsePhoneNumber } from '../domain/phone-number.ts';
import type { Call, RulesOf, VerificationStore } from '../ports.ts';
import type { GuardSend } from './guard-send.ts';
import type { HandOver } from './hand-over.ts';
import { notPending, refuseSend } from './refusals.ts';

export interface ResendCodeDeps {
  readonly verifications: VerificationStore;
  readonly rulesOf: RulesOf;
  readonly guardSend: GuardSend;
  readonly handOver: HandOver;
  /** Counts how each send ended. */
  readonly onSend: (outcome: string) => void;
}

/**
 * Sends another code for an open verification. It buys no checks: the count is shared by all codes. Its purpose's policy says
 * what the code looks like and when it may be sent, as it is now; the rest was frozen when the verification opened.
 */
export function createResendCode({ verifications, rulesOf, guardSend, handOver, onSend }: ResendCodeDeps) {
  return async function resendCode(
    id: string,
    { channel = 'sms' }: ResendVerification,
    call: Call,
    requestId: string,
  ): Promise<AcceptedVerification> {
    const [rules, recipient] = await Promise.all([rulesOf(call), verifications.recipientOf(id, call)]);
    if (recipient === null) {
      onSend('not_found');
      throw new AppError('not_found');
    }
    const { destination, purpose, isOpen } = recipient;
    const number = destination === undefined ? undefined : parsePhoneNumber(destination);
    // One that has ended is said to have ended, whatever else there is to say.
    const before = isOpen ? await guardSend(rules, number, call) : null;
    const sent = before ?? (await verifications.resend(id, channel, rules.policyFor(purpose), call));
    onSend(sent.result);
    if (sent.result === 'not_found') throw new AppError('not_found');
    if (sent.result === 'not_pending') throw notPending(sent.status);
    if (sent.result !== 'sent') throw refuseSend(sent);
    return handOver(sent, call, requestId);
  };
}
