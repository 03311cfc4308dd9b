import { randomBytes } from 'node:crypto';
import { ERASURE_PREFIX, MODES } from '@watchword/contracts';
import { type Clock, encodeBase32, type RedisConnection, type Secret } from '@watchword/platform';
import { deriveAddressKeys } from './keys.ts';
import { type ErasureCall, tooLate } from './outcomes.ts';
import { eraseDestinationScript, forgetVerificationScript } from './scripts.ts';
import type { Sealer } from './seal.ts';
import { keysOf, locate, shardKeys, shardOf } from './shards.ts';
import { createVerificationIds } from './verification-id.ts';

export interface ErasureOptions {
  readonly redis: RedisConnection;
  readonly clock: Pick<Clock, 'now'>;
  readonly idKey: Secret<Buffer>;
  readonly sealer: Pick<Sealer, 'seal'>;
}

/**
 * Forgetting destinations, in two steps. `erase` at once ends and erases what Redis finds by the destination and the purposes
 * it is given: the latest verification of each, in both modes. It also appends an entry to the shard's stream, behind the events
 * of all that was opened before; the recorder, which finds all verifications of a destination, takes it up, and calls `forget`
 * for each. A verification that has the destination beside its primary address lives in another shard: its own stream gets the
 * entry as well.
 */
export function createErasure({ redis, clock, idKey, sealer }: ErasureOptions) {
  const keys = deriveAddressKeys(idKey);
  const ids = createVerificationIds(keys.id);

  /** Returns whether Redis still had it. */
  async function forgetOne(id: string, erasure?: ErasureEntry): Promise<boolean> {
    const address = ids.open(id);
    if (address === null) return false;
    const { operation: _, ...scriptKeys } = keysOf(id, address, '');
    const entry = erasure ? [erasure.id, JSON.stringify(erasure.data), erasure.sealed] : ['', '', ''];
    return (await forgetVerificationScript(redis, scriptKeys, [clock.now(), id, ...entry])) === 1;
  }

  return {
    /** Returns the erasure's id, `ers_…`. A repeat of the operation gets the same. */
    async erase(destination: string, purposes: readonly string[], call: ErasureCall): Promise<{ readonly id: string }> {
      const id = ERASURE_PREFIX + encodeBase32(randomBytes(16));
      const { project } = call;
      const places = MODES.flatMap((mode) =>
        purposes.map((purpose) => locate(keys, { project, mode }, purpose, destination)),
      );
      const shard = shardOf(keys, destination);
      const { operation, events, due, verificationPrefix, destination: destinationKey } = shardKeys(shard);
      const reply = await eraseDestinationScript(redis, { operation: operation(call.operation), events, due }, [
        clock.now(),
        call.deadline,
        id,
        verificationPrefix,
        destinationKey(''),
        project,
        call.key,
        call.requestId,
        sealer.seal(destination, id, 'destination'),
        call.operation === '' ? '' : '1',
        ...places.map(({ handle }) => handle),
      ]);
      if (reply.result === 'late') throw tooLate();
      const elsewhere = reply.elsewhere.split(',').filter((other) => other !== '');
      const data = { project, request_id: call.requestId, ...(call.key === '' ? {} : { actor: call.key }) };
      const entry = { id: reply.id, data, sealed: sealer.seal(destination, reply.id, 'destination') };
      await Promise.all(elsewhere.map((other) => forgetOne(other, entry)));
      return { id: reply.id };
    },

    /**
     * Erases what Redis has of these verifications (ids without `ver_`), and ends those that are open; their state stays
     * readable. May be repeated. Returns how many Redis still had.
     */
    async forget(verificationIds: readonly string[]): Promise<number> {
      const held = await Promise.all(verificationIds.map((id) => forgetOne(id)));
      return held.filter((isHeld) => isHeld).length;
    },
  };
}

/** What the recorder reads of an erasure. */
interface ErasureEntry {
  readonly id: string;
  readonly data: Readonly<Record<string, string>>;
  /** The destination, sealed for the erasure. */
  readonly sealed: Buffer;
}

export type Erasure = ReturnType<typeof createErasure>;
