import { MODES } from '@watchword/contracts';
import type { Clock, KeyRing, RedisConnection, Secret } from '@watchword/platform';
import { z } from 'zod';
import { shardKeys } from './addresses.ts';
import { LEAST_LIFE_MS } from './code-policy.ts';
import type { Claimed, ClaimedAttempt, Deliveries, Refused, Settlement } from './deliveries.ts';
import { deriveAddressKeys } from './keys.ts';
import { openContext } from './read-state.ts';
import { claimScript, settleScript } from './scripts.ts';
import { createSealer, SealKeyMissing } from './seal.ts';
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

  async function settle(attempt: ClaimedAttempt, settlement: Settlement): Promise<'settled' | 'stale'> {
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
  }

  function unseal(id: string, destination: Buffer, code: Buffer, context: Buffer) {
    try {
      return {
        destination: sealer.unseal(destination, id, 'destination'),
        code: sealer.unseal(code, id, 'code'),
        locale: context.length === 0 ? undefined : openContext(sealer, context, id).locale,
      };
    } catch (error) {
      if (error instanceof SealKeyMissing) return error;
      throw error;
    }
  }

  return {
    settle,

    async claim(deliveryId, leaseMs): Promise<Claimed | Refused> {
      const found = find(deliveryId);
      if (!found) return { result: 'gone' };
      const { id, ordinal } = found.ref;
      const deadline = clock.serverNow() + CLAIM_PATIENCE_MS;
      const reply = await claimScript(redis, found.keys, [clock.now(), deadline, id, ordinal, leaseMs, LEAST_LIFE_MS]);
      if (reply[0] !== 'claimed') return { result: reply[0] };
      const [, ordinalOfAttempt, ...granted] = reply;
      const [destination, code, context, country, purpose, project, modeName, codeTtlMs, remainingMs, ...counts] =
        granted;
      const attempt = { id: attemptIdOf(found.ref, ordinalOfAttempt), ordinal: ordinalOfAttempt, deliveryId };
      const unsealed = unseal(id, destination, code, context);
      if (unsealed instanceof SealKeyMissing) {
        await settle(attempt, settlementOfUnsealable(unsealed));
        return { result: 'unsealable' };
      }
      return {
        result: 'claimed',
        attempt,
        ...unsealed,
        country: country === '' ? undefined : country,
        purpose,
        project,
        mode: mode.parse(modeName),
        codeTtlMs,
        remainingMs,
        providerCalls: counts[0],
        isAfterLease: counts[1] === 1,
      };
    },
  };
}

/** Longer than Redis takes under load, shorter than anything a claim decides on. */
const CLAIM_PATIENCE_MS = 1_000;
/** How soon the due set looks after a job that said it would claim again. */
const AGAIN_CHECK_MS = 2_000;
/** A key that is still to come takes a restart of this worker; another may have it. */
const UNSEALABLE_RETRY_MS = 5_000;

/** Under a retired key the message is lost, and trying again would not help. */
function settlementOfUnsealable({ toCome }: SealKeyMissing): Settlement {
  const seen = { provider: null, countsAsCall: false, providerCode: 'seal_key_missing' } as const;
  return toCome
    ? { ...seen, outcome: 'transient', next: { kind: 'later', delayMs: UNSEALABLE_RETRY_MS } }
    : { ...seen, outcome: 'rejected', class: 'configuration', next: { kind: 'end', status: 'failed' } };
}

function describe(attempt: { deliveryId: string; ordinal: number }, settlement: Settlement) {
  return {
    delivery: attempt.deliveryId,
    attempt: attempt.ordinal,
    outcome: settlement.outcome,
    ...(settlement.provider === null ? {} : { provider: settlement.provider }),
    ...(settlement.providerId === undefined ? {} : { provider_id: settlement.providerId }),
    ...(settlement.class === undefined ? {} : { class: settlement.class }),
    ...(settlement.providerCode === undefined ? {} : { provider_code: settlement.providerCode }),
    ...(settlement.providerMessageId === undefined ? {} : { provider_message_id: settlement.providerMessageId }),
    ...(settlement.costMicros === undefined ? {} : { cost_micros: settlement.costMicros }),
    ...(settlement.template === undefined ? {} : { template: settlement.template }),
  };
}
