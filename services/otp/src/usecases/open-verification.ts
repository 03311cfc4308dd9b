import type { AcceptedVerification, OpenVerification } from '@watchword/contracts';
import { parsePhoneNumber } from '../domain/phone-number.ts';
import { canonicalPurpose } from '../domain/purpose.ts';
import type { Call, RulesOf, VerificationStore } from '../ports.ts';
import type { GuardSend } from './guard-send.ts';
import type { HandOver } from './hand-over.ts';
import { refuseSend } from './refusals.ts';

export interface OpenVerificationDeps {
  readonly verifications: VerificationStore;
  readonly rulesOf: RulesOf;
  readonly guardSend: GuardSend;
  readonly handOver: HandOver;
  /** Counts how each send ended. */
  readonly onSend: (outcome: string) => void;
}

/** Opens a verification, or resends when one is open for this destination, purpose and binding. */
export function createOpenVerification(deps: OpenVerificationDeps) {
  const { verifications, rulesOf, guardSend, handOver, onSend } = deps;
  return async function openVerification(
    body: OpenVerification,
    call: Call,
    requestId: string,
  ): Promise<AcceptedVerification> {
    const number = parsePhoneNumber(body.to);
    const purpose = canonicalPurpose(body.purpose);
    const { channel, binding, locale, client, metadata } = body;
    const rules = await rulesOf(call);
    const context = { locale, client, metadata };
    const input = { destination: number.e164, country: number.country, purpose, channel, binding, context };
    const sent =
      (await guardSend(rules, number, call)) ?? (await verifications.open(input, rules.policyFor(purpose), call));
    onSend(sent.result);
    if (sent.result !== 'sent') throw refuseSend(sent);
    return handOver(sent, call, requestId);
  };
}
