import type { PairingState } from '@watchword/contracts';
import type { RedisConnection } from '@watchword/platform';
import { afterDisconnect } from './disconnects.ts';
import type { LineDeps } from './line.ts';
import type { WhatsAppWeb } from './whatsapp-web.ts';

/** Longer than WhatsApp shows one code. */
const QR_MS = 60_000;
/** Whoever pairs stands before the screen; a worker without a Redis for this long has let its lines go. */
const ASKED_MS = 120_000;
const ASKED = 'ww:whatsapp-web-asked';
const ENDED = 'ww:whatsapp-web-ended';

/** Where the pairing of an account stands. */
export interface Pairing {
  readonly state: PairingState;
  /** To be scanned now; it ends at `endsAt` (ms) or when the next one comes. */
  readonly qr?: { readonly text: string; readonly endsAt: number };
  /** WhatsApp's code of the last end, or `session_unusable`. */
  readonly reason?: string;
}

export type Pairings = ReturnType<typeof createPairings>;

/**
 * Between the person who pairs an account, at any process, and the worker that has its line. A QR code lends a phone to
 * whoever scans it for us, so it stands in no log, and ends by itself.
 *
 * Of an account (hash tag `{w:<reference>}`): `qr`, the code that is shown; `line`, a hash of what its worker told last
 * (`is`, `reason`) and whether it has ever been open with this session (`paired`); beside them `session` and the lease, `owner`.
 */
export function createPairings(redis: RedisConnection) {
  const keyOf = (reference: string, part: 'qr' | 'line' | 'session' | 'owner') => `ww:{w:${reference}}:${part}`;

  async function of(list: string, now: number): Promise<string[]> {
    await redis.zremrangebyscore(list, '-inf', String(now));
    return redis.zrange(list, '0', '-1');
  }

  const wipe = (reference: string) =>
    redis.del(keyOf(reference, 'session'), keyOf(reference, 'qr'), keyOf(reference, 'line'));

  return {
    /** Wants the account connected: a worker hears of it within seconds. */
    async ask(reference: string, now: number): Promise<void> {
      await redis.zadd(ASKED, String(now + ASKED_MS), reference);
    },
    /** The accounts that are to be connected; each is told of until its time is over, or it was taken. */
    asked: (now: number): Promise<string[]> => of(ASKED, now),
    async taken(reference: string): Promise<void> {
      await redis.zrem(ASKED, reference);
    },

    /** Throws the session away; the worker that has its line hears within seconds that it is to log out. */
    async end(reference: string, now: number): Promise<void> {
      await redis.zrem(ASKED, reference);
      await redis.zadd(ENDED, String(now + ASKED_MS), reference);
      await wipe(reference);
    },
    /** The accounts whose lines are to end; each is told of likewise, until it was forgotten. */
    ended: (now: number): Promise<string[]> => of(ENDED, now),
    /** Its line has ended: what that wrote in the meantime goes, too. */
    async forgotten(reference: string): Promise<void> {
      await wipe(reference);
      await redis.zrem(ENDED, reference);
    },

    async show(reference: string, qr: string | null): Promise<void> {
      if (qr === null) await redis.del(keyOf(reference, 'qr'));
      else await redis.set(keyOf(reference, 'qr'), qr, 'PX', QR_MS);
    },
    /** A move of the account's line. */
    async tell(reference: string, ...[is, reason = '']: Parameters<LineDeps['onState']>): Promise<void> {
      const key = keyOf(reference, 'line');
      const isUnpaired = is === 'stopped' && afterDisconnect(Number(reason)) === 'pair_again';
      await Promise.all([
        redis.hset(key, { is, reason, ...(is === 'open' && { paired: '1' }) }),
        isUnpaired && redis.hdel(key, 'paired'),
      ]);
    },

    async read(reference: string, now: number): Promise<Pairing> {
      const [qr, qrMs, line, isOwned, askedUntil] = await Promise.all([
        redis.get(keyOf(reference, 'qr')),
        redis.pttl(keyOf(reference, 'qr')),
        redis.hgetall(keyOf(reference, 'line')),
        redis.exists(keyOf(reference, 'owner')),
        redis.zscore(ASKED, reference),
      ]);
      if (qr !== null && qrMs > 0) return { state: 'pairing', qr: { text: qr, endsAt: now + qrMs } };
      const reason = line.reason ? { reason: line.reason } : {};
      const isPaired = line.paired === '1';
      // What a worker told counts only while it lives.
      const isConnecting = isOwned === 1 && !isPaired && (line.is === 'connecting' || line.is === 'waiting');
      if (Number(askedUntil ?? 0) > now || isConnecting) return { state: 'connecting', ...reason };
      if (!isPaired) return { state: 'unpaired', ...reason };
      return { state: line.is === 'stopped' ? 'stopped' : 'paired', ...reason };
    },
  };
}

/** One round of a worker: ends the lines that are to end, and connects the accounts that are to be paired. */
export async function attendPairings(
  pairings: Pairings,
  web: Pick<WhatsAppWeb, 'connect' | 'forget'>,
  now: number,
): Promise<void> {
  for (const reference of await pairings.ended(now)) {
    if (await web.forget(reference)) await pairings.forgotten(reference);
  }
  for (const reference of await pairings.asked(now)) {
    if (await web.connect(reference)) await pairings.taken(reference);
  }
}
