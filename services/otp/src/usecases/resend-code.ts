import type { AcceptedVerification, ResendVerification } from '@watchword/contracts';
import { AppError } from '@watchword/platform';
import type { CallContext } from '@watchword/verifications';
import type { CodePolicies } from '../domain/code-policies.ts';
import type { VerificationStore } from '../ports.ts';
import type { HandOver } from './hand-over.ts';
import { notPending, refuseSend } from './refusals.ts';

export interface ResendCodeDeps {
  readonly verifications: VerificationStore;
  readonly policies: CodePolicies;
  readonly handOver: HandOver;
  /** Counts how each send ended. */
  readonly onSend: (outcome: string) => void;
}

/** Sends another code for an open verification. It buys no checks: the count is shared by all codes. */
export function createResendCode({ verifications, policies, handOver, onSend }: ResendCodeDeps) {
  return async function resendCode(
    id: string,
    { channel = 'sms' }: ResendVerification,
    call: CallContext,
    requestId: string,
  ): Promise<AcceptedVerification> {
    const sent = await verifications.resend(id, channel, policies.common, call);
    onSend(sent.result);
    if (sent.result === 'not_found') throw new AppError('not_found');
    if (sent.result === 'not_pending') throw notPending(sent.status);
    if (sent.result !== 'sent') throw refuseSend(sent);
    return handOver(sent, call, requestId);
  };
}
