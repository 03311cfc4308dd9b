import { ATTEMPT_ID_PATTERN, type Mode, type ReceiptStatus } from '@watchword/contracts';
import type { Clock, RedisConnection, Secret } from '@watchword/platform';
import { deriveAddressKeys } from './keys.ts';
import type { ReceiptResult } from './outcomes.ts';
import { receiptScript } from './scripts.ts';
import { shardKeys } from './shards.ts';
import { createVerificationIds } from './verification-id.ts';

/** A provider's later word on an attempt. That it is genuine was shown by its signature. */
export interface Receipt {
  readonly attemptId: string;
  readonly provider: string;
  /** Of the account that signed it. */
  readonly mode: Mode;
  readonly status: ReceiptStatus;
  /** The provider's own error code. */
  readonly providerCode?: string;
}

export interface ReceiptsOptions {
  readonly redis: RedisConnection;
  readonly clock: Pick<Clock, 'now'>;
  readonly idKey: Secret<Buffer>;
}

/** Receipts of attempts. An attempt's id names its shard, so none needs a look-up. */
export function createReceipts({ redis, clock, idKey }: ReceiptsOptions) {
  const ids = createVerificationIds(deriveAddressKeys(idKey).id);

  function find(attemptId: string) {
    const [, id = '', delivery, attempt] = ATTEMPT_ID_PATTERN.exec(attemptId) ?? [];
    const address = ids.open(id);
    return address === null ? null : { id, delivery: Number(delivery), attempt: Number(attempt), shard: address.shard };
  }

  return {
    /** Whether the id was made with our key: for a made-up one nothing is looked up. */
    isOurs: (attemptId: string): boolean => find(attemptId) !== null,

    /** Which project an attempt is of; null when its verification is forgotten. */
    async projectOf(attemptId: string): Promise<string | null> {
      const found = find(attemptId);
      return found === null ? null : redis.hget(shardKeys(found.shard).verification(found.id), 'p');
    },

    /** Records a receipt and moves its delivery by it. A repeat changes nothing, so it may be given as often as one likes. */
    async receive({ attemptId, provider, mode, status, providerCode = '' }: Receipt): Promise<ReceiptResult> {
      const found = find(attemptId);
      if (found === null) return 'unmatched';
      const { id, delivery, attempt, shard } = found;
      const { verification, events, due } = shardKeys(shard);
      const keys = { verification: verification(id), events, due };
      return receiptScript(redis, keys, [clock.now(), id, delivery, attempt, mode, status, provider, providerCode]);
    },
  };
}

export type Receipts = ReturnType<typeof createReceipts>;
