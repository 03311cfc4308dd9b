import { DELIVERY_STATUSES, MODES, VERIFICATION_STATUSES, type VerificationStatus } from '@watchword/contracts';
import type { RedisConnection } from '@watchword/platform';
import { z } from 'zod';
import { shardKeys } from './addresses.ts';
import { type Sealer, unsealIfHeld } from './seal.ts';
import { deliveryIdOf, type VerificationAddress } from './verification-id.ts';

const contextSchema = z.object({
  locale: z.string().optional(),
  metadata: z.record(z.string(), z.string()).optional(),
});
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
    /** Undefined once erased, or when its seal key has been retired; locale and metadata are lost then, too. */
    destination: fields.t && unsealIfHeld(sealer, fields.t, id, 'destination'),
    openedAt: number('o'),
    expiresAt,
    endedAt: stored === 'pending' ? (status === 'expired' ? expiresAt : undefined) : number('e'),
    checksRemaining: number('c'),
    locale,
    metadata,
    deliveries: Array.from({ length: number('n') }, (_, index) => ({
      id: deliveryIdOf({ id, ordinal: index + 1 }),
      channel: 'sms' as const,
      status: deliveryStatus.parse(text(`s${index + 1}`)),
    })),
  };
}

/** What a caller gave with a verification, sealed beside it; nothing when there is none, or its seal key has been retired. */
export function openContext(
  sealer: Pick<Sealer, 'unseal'>,
  sealed: Buffer | undefined,
  id: string,
): { locale: string | undefined; metadata: Record<string, string> | undefined } {
  const context = sealed && unsealIfHeld(sealer, sealed, id, 'context');
  const { locale, metadata } = context ? contextSchema.parse(JSON.parse(context)) : {};
  return { locale, metadata };
}
