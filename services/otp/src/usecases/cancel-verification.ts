import type { Verification } from '@watchword/contracts';
import { AppError } from '@watchword/platform';
import type { CallContext, Owner } from '@watchword/verifications';
import type { VerificationStore } from '../ports.ts';
import { notPending } from './refusals.ts';

/** Ends an open verification; answers its final state. */
export function createCancelVerification(
  verifications: VerificationStore,
  readVerification: (id: string, owner: Owner) => Promise<Verification>,
) {
  return async function cancelVerification(id: string, call: CallContext): Promise<Verification> {
    const canceled = await verifications.cancel(id, call);
    if (canceled.result === 'not_found') throw new AppError('not_found');
    if (canceled.result === 'not_pending') throw notPending(canceled.status);
    return readVerification(id, call);
  };
}
