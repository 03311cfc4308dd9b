import type { CheckDestination, CheckVerification, JudgedCheck } from '@watchword/contracts';
import { AppError } from '@watchword/platform';
import type { CallContext } from '@watchword/verifications';
import type { CodePolicies } from '../domain/code-policies.ts';
import { parsePhoneNumber } from '../domain/phone-number.ts';
import { canonicalPurpose } from '../domain/purpose.ts';
import type { VerificationStore } from '../ports.ts';
import { checksLocked } from './refusals.ts';

export interface CheckCodeDeps {
  readonly verifications: VerificationStore;
  readonly policies: CodePolicies;
  /** Counts how each check was judged. */
  readonly onCheck: (result: string) => void;
}

/** Judges one guess by verification id, or by destination and purpose. */
export function createCheckCode({ verifications, policies, onCheck }: CheckCodeDeps) {
  async function byId(id: string, { code, binding }: CheckVerification, call: CallContext): Promise<JudgedCheck> {
    const judged = await verifications.judge(id, code, binding, policies.common.streakFreeChecks, call);
    onCheck(judged.result);
    if (judged.result === 'not_found') throw new AppError('not_found');
    if (judged.result === 'checks_locked') throw checksLocked(judged);
    const { result, status, checksRemaining } = judged;
    return { valid: result === 'approved', result, status, checks_remaining: checksRemaining };
  }

  async function byDestination(body: CheckDestination, call: CallContext): Promise<JudgedCheck> {
    const { e164 } = parsePhoneNumber(body.to);
    const id = await verifications.latest(call.project, canonicalPurpose(body.purpose), e164, body.binding);
    if (id === null) throw new AppError('not_found', { detail: 'No verification of this destination and purpose.' });
    return byId(id, body, call);
  }

  return { byId, byDestination };
}
