import { CHANNELS, type Channel } from '@watchword/contracts';
import type { RedisHash } from '../soak/stated.ts';

/** Where a delivery has come to: `open` is neither. */
const FATES: Readonly<Record<string, 'taken' | 'failed' | 'expired'>> = {
  accepted: 'taken',
  delivered: 'taken',
  read: 'taken',
  undelivered: 'taken',
  unknown: 'taken',
  failed: 'failed',
  expired_unsent: 'expired',
  skipped: 'expired',
};

export interface Account {
  verifications: number;
  deliveries: number;
  taken: number;
  failed: number;
  expired: number;
  /** Queued or under way. */
  open: number;
  /** Verifications that wait for a check, or for their end. */
  pending: number;
  /** Verifications none of whose deliveries was taken, and that do not say so. */
  silent: number;
  /** By channel and status. */
  readonly byChannel: Record<Channel, Record<string, number>>;
}

/** What became of every delivery, as Redis has it. The fields are told in packages/verifications/lua/prelude.lua. */
export function accountFor(hashes: Iterable<RedisHash>): Account {
  const byChannel = Object.fromEntries(CHANNELS.map((channel) => [channel, {}])) as Account['byChannel'];
  const account: Account = {
    verifications: 0,
    deliveries: 0,
    taken: 0,
    failed: 0,
    expired: 0,
    open: 0,
    pending: 0,
    silent: 0,
    byChannel,
  };
  for (const hash of hashes) {
    account.verifications += 1;
    if (hash.s === 'pending') account.pending += 1;
    const fates = new Set<string>();
    for (let ordinal = 1; ordinal <= Number(hash.n); ordinal += 1) {
      const status = hash[`s${ordinal}`] ?? '';
      const fate = FATES[status] ?? 'open';
      const counts = byChannel[(hash[`v${ordinal}`] ?? 'sms') as Channel];
      counts[status] = (counts[status] ?? 0) + 1;
      account.deliveries += 1;
      account[fate] += 1;
      fates.add(fate);
    }
    if (hash.U !== '1' && fates.size === 1 && fates.has('failed')) account.silent += 1;
  }
  return account;
}
