import { MODES } from '@watchword/contracts';
import type { Clock, KeyRing, RedisConnection, Secret } from '@watchword/platform';
import { z } from 'zod';
import { shardKeys } from './addresses.ts';
import { LEAST_LIFE_MS } from './code-policy.ts';
import type { Claimed, Deliveries, Refused, Settlement } from './deliveries.ts';
import { deriveAddressKeys } from './keys.ts';
import { claimScript, settleScript } from './scripts.ts';
import { createSealer } from './seal.ts';
import { attemptIdOf, createVerificationIds, parseDeliveryId } from './verification-id.ts';

export interface DeliveriesOptions {
  readonly redis: RedisConnection;
  readonly clock: Clock;
  readonly idKey: Secret<Buffer>;
  readonly sealKeys: KeyRing;
}

const mode = z.enum(MODES);

/** Claims and settles deliveries in Redis; the fencing number in the attempt's id makes a superseded claim harmless. */
export function createDeliveries({ redis, clock, idKey, sealKeys }: DeliveriesOptions): Deliveries {
  const ids = createVerificationIds(deriveAddressKeys(idKey).id);
  const sealer = createSealer(sealKeys);

  function find(deliveryId: string) {
    const ref = parseDeliveryId(deliveryId);
    const address = ref && ids.open(ref.id);
    if (!ref || !address) return null;
    const keys = shardKeys(address.shard);
    return { ref, keys: { verification: keys.verification(ref.id), events: keys.events, due: keys.due } };
  }

  return {
    async claim(deliveryId, leaseMs): Promise<Claimed | Refused> {
      const found = find(deliveryId);
      if (!found) return { result: 'gone' };
      const { id, ordinal } = found.ref;
      const deadline = clock.serverNow() + CLAIM_PATIENCE_MS;
      const reply = await claimScript(redis, found.keys, [clock.now(), deadline, id, ordinal, leaseMs, LEAST_LIFE_MS]);
      if (reply[0] !== 'claimed') return { result: reply[0] };
      const [, attempt, destination, code, purpose, project, modeName, codeTtlMs, remainingMs, providerCalls] = reply;
      return {
        result: 'claimed',
        attempt: { id: attemptIdOf(found.ref, attempt), ordinal: attempt, deliveryId },
        destination: sealer.unseal(destination, id, 'destination'),
        code: sealer.unseal(code, id, 'code'),
        purpose,
        project,
        mode: mode.parse(modeName),
        codeTtlMs,
        remainingMs,
        providerCalls,
      };
    },

    async settle(attempt, settlement) {
      const found = find(attempt.deliveryId);
      if (!found) return 'stale';
      const { next } = settlement;
      return settleScript(redis, found.keys, [
        clock.now(),
        found.ref.id,
        found.ref.ordinal,
        attempt.ordinal,
        JSON.stringify(describe(attempt, settlement)),
        next.kind,
        next.kind === 'end' ? next.status : next.kind === 'later' ? next.delayMs : AGAIN_CHECK_MS,
        settlement.countsAsCall ? '1' : '',
      ]);
    },
  };
}

/** Longer than Redis takes under load, shorter than anything a claim decides on. */
const CLAIM_PATIENCE_MS = 1_000;
/** How soon the due set looks after a job that said it would claim again. */
const AGAIN_CHECK_MS = 2_000;

function describe(attempt: { deliveryId: string; ordinal: number }, settlement: Settlement) {
  return {
    delivery: attempt.deliveryId,
    attempt: attempt.ordinal,
    outcome: settlement.outcome,
    ...(settlement.provider === null ? {} : { provider: settlement.provider }),
    ...(settlement.class === undefined ? {} : { class: settlement.class }),
    ...(settlement.providerCode === undefined ? {} : { provider_code: settlement.providerCode }),
    ...(settlement.providerMessageId === undefined ? {} : { provider_message_id: settlement.providerMessageId }),
  };
}
