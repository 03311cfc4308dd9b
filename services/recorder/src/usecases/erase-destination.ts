import type { AuditDocument, BlindIndex, ShardLease } from '@watchword/records';
import { type Sealer, SealKeyMissing } from '@watchword/verifications';
import type { ErasureEntry } from '../domain/stream-event.ts';
import type { Forgetting, RecordStore } from '../ports.ts';

export interface EraseDestinationDeps {
  readonly records: Pick<RecordStore, 'findByDestination' | 'isHeld' | 'eraseVerifications'>;
  readonly forgetting: Forgetting;
  readonly sealer: Pick<Sealer, 'unseal'>;
  readonly blindIndex: Pick<BlindIndex, 'all'>;
}

/**
 * Forgets a destination in all that is recorded of a project, and in Redis. It may be cut off anywhere and be done again: what
 * was forgotten is not found any more, and the audit document stays as the first time wrote it. `fenced`: whoever has the
 * shard now does it, and may have recorded since what was opened behind the erasure.
 */
export function createEraseDestination({ records, forgetting, sealer, blindIndex }: EraseDestinationDeps) {
  return async function eraseDestination(
    lease: ShardLease,
    position: string,
    { erasure }: ErasureEntry,
  ): Promise<'erased' | 'sealed' | 'fenced'> {
    const destination = open(erasure);
    if (destination === undefined) return 'sealed';
    const digests = blindIndex.all(destination).map(({ digest }) => digest);
    const ids = await records.findByDestination(erasure.project, digests, openedUntil(position, erasure.at));
    if (!(await records.isHeld(lease))) return 'fenced';
    await forgetting.forget(ids);
    return records.eraseVerifications(lease, ids, erasure.at, toAudit(erasure, ids.length));
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

/** More than the clocks of those who open and erase may differ, each being an estimate of Redis' own. */
const CLOCKS_DIFFER_MS = 5_000;

/**
 * No verification that stands before the erasure in the stream was opened later. The erasure's own time alone would leave out
 * what was opened while it was on its way to Redis, so the time at which Redis took it in counts as well.
 */
const openedUntil = (position: string, at: number) => Math.max(at, Number(position.split('-')[0])) + CLOCKS_DIFFER_MS;

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
