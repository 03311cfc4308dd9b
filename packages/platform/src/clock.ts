import type { RedisConnection } from './redis/connection.ts';

/** Milliseconds since the epoch. Injected everywhere, so that tests travel in time. */
export interface Clock {
  now(): number;
  /** Redis' own clock, as estimated here: what a script's deadline is compared with. */
  serverNow(): number;
}

export interface RedisClock extends Clock {
  [Symbol.dispose](): void;
}

const RELEARN_EVERY_MS = 60_000;

/**
 * The process' clock corrected by its offset to Redis, learned now and each minute, so that skewed hosts agree on
 * expiry and a request that timed out is refused by the script it finally reaches.
 */
export async function createRedisClock(redis: RedisConnection): Promise<RedisClock> {
  let offsetMs = await measureOffset(redis);
  const timer = setInterval(() => {
    measureOffset(redis).then(
      (measured) => {
        offsetMs = measured;
      },
      () => {
        // Redis is away: the last offset is still the best estimate.
      },
    );
  }, RELEARN_EVERY_MS);
  timer.unref();
  const now = () => Date.now() + offsetMs;
  return { now, serverNow: now, [Symbol.dispose]: () => clearInterval(timer) };
}

async function measureOffset(redis: RedisConnection): Promise<number> {
  const before = Date.now();
  const [seconds, microseconds] = await redis.time();
  const after = Date.now();
  return Math.round(Number(seconds) * 1000 + Number(microseconds) / 1000 - (before + after) / 2);
}
