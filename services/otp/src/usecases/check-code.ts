import type { CheckDestination, CheckVerification, JudgedCheck } from '@watchword/contracts';
import { AppError, within } from '@watchword/platform';
import {
  type Approval,
  type CallContext,
  type Judged,
  type Owner,
  stripVerificationPrefix,
} from '@watchword/verifications';
import { readDestination } from '../domain/destinations.ts';
import { canonicalPurpose } from '../domain/purpose.ts';
import type { ApprovalTokens, DurableRecords, VerificationStore } from '../ports.ts';
import { checksLocked } from './refusals.ts';

export interface CheckCodeDeps {
  readonly verifications: VerificationStore;
  /** Undefined where there are none. */
  readonly records: Pick<DurableRecords, 'readVerification'> | undefined;
  readonly tokens: Pick<ApprovalTokens, 'issue'>;
  /** Wrong checks in a row that are free; the same for every project. */
  readonly streakFreeChecks: number;
  /** Counts how each check was judged. */
  readonly onCheck: (result: string) => void;
}

/** A check has better things to do than to wait for what has long ended. */
const RECORDS_PATIENCE_MS = 250;

/** Judges one guess by verification id, or by destination and purpose. */
export function createCheckCode({ verifications, records, tokens, streakFreeChecks, onCheck }: CheckCodeDeps) {
  async function byId(id: string, { code, binding }: CheckVerification, call: CallContext): Promise<JudgedCheck> {
    const judged = await verifications.judge(id, code, binding, streakFreeChecks, call);
    onCheck(judged.result);
    if (judged.result === 'not_found') throw new AppError('not_found');
    if (judged.result === 'checks_locked') throw checksLocked(judged);
    const { result, status, checksRemaining } = judged.isForgotten ? await recordedEnd(id, judged, call) : judged;
    const answer = { valid: result === 'approved', result, status, checks_remaining: checksRemaining };
    const token = judged.approval && (await issueToken(judged.approval, call));
    return token === undefined ? answer : { ...answer, token };
  }

  /** How a verification that Redis has forgotten ended; as good as expired when the records do not say so in time. */
  async function recordedEnd(id: string, judged: Judged, { project, mode }: CallContext): Promise<Judged> {
    const asked = records?.readVerification(project, stripVerificationPrefix(id) ?? '');
    // A check never fails for the records' sake: no code is compared any more, whatever they say.
    const recorded = await within(RECORDS_PATIENCE_MS, Promise.resolve(asked)).catch(() => undefined);
    if (!recorded || recorded.verification.mode !== mode || recorded.verification.status === 'pending') return judged;
    const { status, checks_remaining: checksRemaining } = recorded.verification;
    return { result: status === 'approved' ? 'already_approved' : status, status, checksRemaining };
  }

  /** Undefined without a destination, e.g. when its seal key was retired meanwhile: a token that proves nothing is none. */
  async function issueToken({ destination, ...approval }: Approval, owner: Owner): Promise<string | undefined> {
    return destination === undefined ? undefined : tokens.issue({ ...approval, destination }, owner);
  }

  async function byDestination(body: CheckDestination, call: CallContext): Promise<JudgedCheck> {
    const destination = readDestination(body.to);
    const id = await verifications.latest(call, canonicalPurpose(body.purpose), destination, body.binding);
    if (id === null) throw new AppError('not_found', { detail: 'No verification of this destination and purpose.' });
    return byId(id, body, call);
  }

  return { byId, byDestination };
}
