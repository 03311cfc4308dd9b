import type { AcceptedVerification, OpenVerification } from '@watchword/contracts';
import type { CallContext } from '@watchword/verifications';
import type { CodePolicies } from '../domain/code-policies.ts';
import { parsePhoneNumber } from '../domain/phone-number.ts';
import { canonicalPurpose } from '../domain/purpose.ts';
import type { VerificationStore } from '../ports.ts';
import type { HandOver } from './hand-over.ts';
import { refuseSend } from './refusals.ts';

export interface OpenVerificationDeps {
  readonly verifications: VerificationStore;
  readonly policies: CodePolicies;
  readonly handOver: HandOver;
  /** Counts how each send ended. */
  readonly onSend: (outcome: string) => void;
}

/** Opens a verification, or resends when one is open for this destination, purpose and binding. */
export function createOpenVerification({ verifications, policies, handOver, onSend }: OpenVerificationDeps) {
  return async function openVerification(
    body: OpenVerification,
    call: CallContext,
    requestId: string,
  ): Promise<AcceptedVerification> {
    const { e164, country } = parsePhoneNumber(body.to);
    const purpose = canonicalPurpose(body.purpose);
    const { locale, client, metadata } = body;
    const sent = await verifications.open(
      {
        destination: e164,
        purpose,
        channel: body.channel,
        country,
        binding: body.binding,
        context: { locale, client, metadata },
      },
      policies.forPurpose(purpose),
      call,
    );
    onSend(sent.result);
    if (sent.result !== 'sent') throw refuseSend(sent);
    return handOver(sent, call, requestId);
  };
}
