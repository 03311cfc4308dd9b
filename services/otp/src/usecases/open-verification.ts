import type { AcceptedVerification, OpenVerification } from '@watchword/contracts';
import { readDestinations } from '../domain/destinations.ts';
import { canonicalPurpose } from '../domain/purpose.ts';
import { channelsOf, choosePlan, mistakeOf } from '../domain/send-plan.ts';
import type { Call, RulesOf, VerificationStore } from '../ports.ts';
import type { GuardSend } from './guard-send.ts';
import type { HandOver } from './hand-over.ts';
import { sendRefused } from './refusals.ts';

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
    const destinations = readDestinations(body.to);
    const { addresses, phone } = destinations;
    const purpose = canonicalPurpose(body.purpose);
    const rules = await rulesOf(call);
    const policy = rules.policyFor(purpose);
    const plan = choosePlan(body, addresses, policy);
    const { binding, locale, client, variables, autofill, metadata } = body;
    const context = { locale, client, variables, autofill, binding, metadata };
    const send = { channels: channelsOf(plan), destinations, mistake: mistakeOf(body, policy) };
    const input = { addresses, country: phone?.country ?? '', purpose, plan, binding, context };
    const sent = (await guardSend(rules, send, call)) ?? (await verifications.open(input, policy, call));
    onSend(sent.result);
    if (sent.result !== 'sent') throw sendRefused(sent);
    return handOver(sent, call, requestId);
  };
}
