import type { AcceptedVerification, Channel, ResendVerification } from '@watchword/contracts';
import { AppError } from '@watchword/platform';
import type { Recipient, Sent } from '@watchword/verifications';
import { toDestinations } from '../domain/destinations.ts';
import { noAddressFor } from '../domain/send-plan.ts';
import type { Call, ProjectRules, RulesOf, VerificationStore } from '../ports.ts';
import type { GuardSend } from './guard-send.ts';
import type { HandOver } from './hand-over.ts';
import { notPending, sendRefused } from './refusals.ts';

export interface ResendCodeDeps {
  readonly verifications: VerificationStore;
  readonly rulesOf: RulesOf;
  readonly guardSend: GuardSend;
  readonly handOver: HandOver;
  /** Counts how each send ended. */
  readonly onSend: (outcome: string) => void;
}

/**
 * Sends another code for an open verification, as it was opened or over one channel. It buys no checks: the count is shared by
 * all codes. Its purpose's policy says what the code looks like and when it may be sent, as it is now; the rest was frozen when
 * the verification opened.
 */
export function createResendCode({ verifications, rulesOf, guardSend, handOver, onSend }: ResendCodeDeps) {
  /** One that has ended is said to have ended, whatever else there is to say. */
  async function guard(rules: ProjectRules, recipient: Recipient, channel: Channel | undefined, call: Call) {
    const { addresses, isOpen } = recipient;
    const destinations = addresses && toDestinations(addresses);
    const channels = channel === undefined ? recipient.channels : [channel];
    return isOpen ? guardSend(rules, { channels, destinations }, call) : null;
  }

  async function sendAnother(id: string, channel: Channel | undefined, call: Call): Promise<Sent> {
    const [rules, recipient] = await Promise.all([rulesOf(call), verifications.recipientOf(id, call)]);
    if (recipient === null) {
      onSend('not_found');
      throw new AppError('not_found');
    }
    const before = await guard(rules, recipient, channel, call);
    const sent = before ?? (await verifications.resend(id, channel, rules.policyFor(recipient.purpose), call));
    onSend(sent.result);
    switch (sent.result) {
      case 'sent':
        return sent;
      case 'not_found':
        throw new AppError('not_found');
      case 'not_pending':
        throw notPending(sent.status);
      case 'no_address':
        throw noAddressFor(sent.channel);
      default:
        throw sendRefused(sent);
    }
  }

  return async function resendCode(
    id: string,
    { channel }: ResendVerification,
    call: Call,
    requestId: string,
  ): Promise<AcceptedVerification> {
    return handOver(await sendAnother(id, channel, call), call, requestId);
  };
}
