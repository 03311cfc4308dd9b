import type { RedisConnection } from '@watchword/platform';

/** Longer than WhatsApp shows one code. */
const QR_MS = 60_000;
/** Whoever pairs stands before the screen. */
const ASKED_MS = 120_000;
const ASKED = 'ww:whatsapp-web-asked';

export type Pairings = ReturnType<typeof createPairings>;

/**
 * Between the person who pairs an account, at any process, and the worker that has its line. A QR code lends a phone to
 * whoever scans it for us, so it stands in no log, and ends by itself.
 */
export function createPairings(redis: RedisConnection) {
  const keyOf = (reference: string) => `ww:{w:${reference}}:qr`;
  return {
    /** Wants the account connected: a worker hears of it within seconds. */
    async ask(reference: string, now: number): Promise<void> {
      await redis.zadd(ASKED, String(now + ASKED_MS), reference);
    },
    /** The accounts that are to be connected; each is told of until its time is over, or it was taken. */
    async asked(now: number): Promise<string[]> {
      await redis.zremrangebyscore(ASKED, '-inf', String(now));
      return redis.zrange(ASKED, '0', '-1');
    },
    async taken(reference: string): Promise<void> {
      await redis.zrem(ASKED, reference);
    },
    async show(reference: string, qr: string | null): Promise<void> {
      if (qr === null) await redis.del(keyOf(reference));
      else await redis.set(keyOf(reference), qr, 'PX', QR_MS);
    },
    /** The code to be scanned now; null when there is none. */
    read: (reference: string): Promise<string | null> => redis.get(keyOf(reference)),
  };
}
