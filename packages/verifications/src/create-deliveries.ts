import type { Channel } from '@watchword/contracts';
import type { Clock, KeyRing, RedisConnection, Secret } from '@watchword/platform';
import { addressOf, unpackAddresses } from './addresses.ts';
import type { Claimed, ClaimedAttempt, Deliveries, Refused, Settlement } from './deliveries.ts';
import { deriveAddressKeys } from './keys.ts';
import { openContext } from './read-state.ts';
import { claimScript, settleScript } from './scripts.ts';
import { createSealer, SealKeyMissing } from './seal.ts';
import { shardKeys } from './shards.ts';
import { attemptIdOf, createVerificationIds, parseDeliveryId } from './verification-id.ts';

export interface DeliveriesOptions {
  readonly redis: RedisConnection;
  readonly clock: Clock;
  readonly idKey: Secret<Buffer>;
  readonly sealKeys: KeyRing;
}

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
      settlement.expectsReceipt ? '1' : '',
      settlement.outcome === 'unknown' && next.kind !== 'end' ? '1' : '',
    ]);
  }

  function unseal(id: string, channel: Channel, { addresses, code, context }: SealedParts) {
    try {
      const given = context.length === 0 ? undefined : openContext(sealer, context, id);
      const { locale, variables, autofill, binding } = given ?? {};
      return {
        destination: addressOf(unpackAddresses(sealer.unseal(addresses, id, 'destination')), channel),
        code: sealer.unseal(code, id, 'code'),
        given: { locale, variables, autofill, binding },
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
      const reply = await claimScript(redis, found.keys, [clock.now(), deadline, id, ordinal, leaseMs]);
      if (reply[0] !== 'claimed') return { result: reply[0] };
      const [, ordinalOfAttempt, addresses, code, context, ...granted] = reply;
      const [country, purpose, project, mode, channel, waits, codeTtlMs, remainingMs, providerCalls, ...flags] =
        granted;
      const [isAfterLease, hasNextStep] = flags.map((flag) => flag === 1) as [boolean, boolean];
      const attempt = { id: attemptIdOf(found.ref, ordinalOfAttempt), ordinal: ordinalOfAttempt, deliveryId };
      const unsealed = unseal(id, channel, { addresses, code, context });
      if (unsealed instanceof SealKeyMissing) {
        await settle(attempt, settlementOfUnsealable(unsealed));
        return { result: 'unsealable' };
      }
      const { destination, given } = unsealed;
      if (destination === undefined) {
        await settle(attempt, WITHOUT_ADDRESS);
        return { result: 'no_address' };
      }
      return {
        result: 'claimed',
        attempt,
        channel,
        destination,
        code: unsealed.code,
        ...given,
        country: country === '' ? undefined : country,
        purpose,
        project,
        mode,
        codeTtlMs,
        remainingMs,
        providerCalls,
        isAfterLease,
        hasNextStep,
        onUnknown: waits === '1' ? 'wait' : 'resend',
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

/** Each sealed for itself; the context is empty when there is none. */
interface SealedParts {
  readonly addresses: Buffer;
  readonly code: Buffer;
  readonly context: Buffer;
}

/** No provider was called. */
const UNSENT = { provider: null, countsAsCall: false, expectsReceipt: false } as const;

/** A plan never names a channel without an address; should one, its next step may still do. */
const WITHOUT_ADDRESS: Settlement = {
  ...UNSENT,
  providerCode: 'no_address',
  outcome: 'rejected',
  class: 'destination',
  next: { kind: 'end', status: 'failed' },
};

/** Under a retired key the message is lost, and trying again would not help. */
function settlementOfUnsealable({ toCome }: SealKeyMissing): Settlement {
  const seen = { ...UNSENT, providerCode: 'seal_key_missing' } as const;
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
