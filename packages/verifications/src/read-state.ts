import {
  CHANNELS,
  DELIVERY_STATUSES,
  MODES,
  VERIFICATION_STATUSES,
  type VerificationStatus,
} from '@watchword/contracts';
import { AppError, type RedisConnection } from '@watchword/platform';
import { z } from 'zod';
import { type Addresses, unpackAddresses } from './addresses.ts';
import type { VerificationContext } from './outcomes.ts';
import { type Sealer, SealKeyMissing, unsealIfHeld } from './seal.ts';
import { shardKeys } from './shards.ts';
import { deliveryIdOf, type VerificationAddress } from './verification-id.ts';

const named = z.record(z.string(), z.string()).optional();
const contextSchema = z.object({
  locale: z.string().optional(),
  metadata: named,
  variables: named,
  autofill: z.object({ domain: z.string().optional(), app_hash: z.string().optional() }).optional(),
  binding: named,
});
const channel = z.enum(CHANNELS);
const deliveryStatus = z.enum(DELIVERY_STATUSES);
const mode = z.enum(MODES);
const verificationStatus = z.enum(VERIFICATION_STATUSES);

export type VerificationState = Exclude<Awaited<ReturnType<typeof readState>>, null>;

/** One verification as its hash has it; a pending one past its expiry reads `expired`, though its event is still due. */
export async function readState(
  redis: RedisConnection,
  sealer: Sealer,
  now: number,
  id: string,
  address: VerificationAddress,
) {
  const fields = await redis.hgetallBuffer(shardKeys(address.shard).verification(id));
  if (!fields.p) return null;
  const text = (field: string) => fields[field]?.toString() ?? '';
  const number = (field: string) => Number(text(field) || 0);
  const expiresAt = number('x');
  const stored = verificationStatus.parse(text('s'));
  const status: VerificationStatus = stored === 'pending' && now > expiresAt ? 'expired' : stored;
  const { locale, metadata } = openContext(sealer, fields.k, id);
  return {
    project: text('p'),
    mode: mode.parse(text('m')),
    purpose: text('u'),
    status,
    undeliverable: text('U') === '1',
    /** Undefined once erased, or when their seal key has been retired; locale and metadata are lost then, too. */
    addresses: openAddresses(sealer, fields.t, id),
    openedAt: number('o'),
    expiresAt,
    endedAt: stored === 'pending' ? (status === 'expired' ? expiresAt : undefined) : number('e'),
    checksRemaining: number('c'),
    locale,
    metadata,
    deliveries: Array.from({ length: number('n') }, (_, index) => ({
      id: deliveryIdOf({ id, ordinal: index + 1 }),
      channel: channel.parse(text(`v${index + 1}`) || 'sms'),
      status: deliveryStatus.parse(text(`s${index + 1}`)),
    })),
  };
}

/** The addresses of a verification, sealed beside it; undefined when there are none any more, or their seal key has been retired. */
export function openAddresses(
  sealer: Pick<Sealer, 'unseal'>,
  sealed: Buffer | undefined,
  id: string,
): Addresses | undefined {
  const text = sealed?.length ? unsealIfHeld(sealer, sealed, id, 'destination') : undefined;
  return text === undefined ? undefined : unpackAddresses(text);
}

/** As `openAddresses`; throws `unavailable` for a key that this process gets with a restart, since nothing is lost then. */
export function openAddressesOrWait(
  sealer: Pick<Sealer, 'unseal'>,
  sealed: Buffer | undefined,
  id: string,
): Addresses | undefined {
  try {
    return sealed?.length ? unpackAddresses(sealer.unseal(sealed, id, 'destination')) : undefined;
  } catch (error) {
    if (!(error instanceof SealKeyMissing)) throw error;
    if (error.toCome) throw keyToCome();
    return undefined;
  }
}

/** What was sealed under a key that this process gets with a restart can neither be read nor given up. */
export function keyToCome(): AppError {
  return new AppError('unavailable', {
    detail: 'The addresses were sealed under a key that this process has not got yet.',
  });
}

/** What a caller gave with a verification, sealed beside it; nothing when there is none, or its seal key has been retired. */
export function openContext(
  sealer: Pick<Sealer, 'unseal'>,
  sealed: Buffer | undefined,
  id: string,
): Omit<VerificationContext, 'client'> {
  const context = sealed && unsealIfHeld(sealer, sealed, id, 'context');
  return context ? contextSchema.parse(JSON.parse(context)) : {};
}
