import type { AuditDocument, BlindIndex } from '@watchword/records';
import { type Sealer, SealKeyMissing } from '@watchword/verifications';
import type { ErasureEntry } from '../domain/stream-event.ts';
import type { Forgetting, RecordStore } from '../ports.ts';

export interface EraseDestinationDeps {
  readonly records: Pick<RecordStore, 'findByDestination' | 'eraseVerifications'>;
  readonly forgetting: Forgetting;
  readonly sealer: Pick<Sealer, 'unseal'>;
  readonly blindIndex: Pick<BlindIndex, 'all'>;
}

/**
 * Forgets a destination in all that is recorded of a project, and in Redis. It may be cut off anywhere and be done again: what
 * was forgotten is not found any more, and the audit document stays as the first time wrote it.
 */
export function createEraseDestination({ records, forgetting, sealer, blindIndex }: EraseDestinationDeps) {
  return async function eraseDestination({ erasure }: ErasureEntry): Promise<'erased' | 'sealed'> {
    const destination = open(erasure);
    if (destination === undefined) return 'sealed';
    const digests = blindIndex.all(destination).map(({ digest }) => digest);
    const ids = await records.findByDestination(erasure.project, digests);
    await forgetting.forget(ids);
    await records.eraseVerifications(ids, erasure.at, toAudit(erasure, ids.length));
    return 'erased';
  };

  /** Undefined when it opens under none of the keys. @throws SealKeyMissing when its key comes with a restart. */
  function open({ id, destination }: ErasureEntry['erasure']): string | undefined {
    try {
      return sealer.unseal(destination, id, 'destination');
    } catch (error) {
      if (error instanceof SealKeyMissing && error.toCome) throw error;
      return undefined;
    }
  }
}

const toAudit = (
  { id, project, actor, requestId, at }: ErasureEntry['erasure'],
  verifications: number,
): AuditDocument => ({
  id: `aud_${id.slice('ers_'.length)}`,
  project,
  actor,
  action: 'destination.erase',
  resource: 'destination',
  resource_id: id,
  before: null,
  after: { verifications },
  request_id: requestId,
  at,
});
