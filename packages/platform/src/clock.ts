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
/** A slow answer says little about when it was given; the last good estimate is better. */
const ROUND_TRIP_MAX_MS = 20;
const FIRST_TRIES = 5;

/** Moves steadily: a step of the host's clock must not move a deadline. */
const steadyNow = () => performance.timeOrigin + performance.now();

/**
 * The process' clock corrected by its offset to Redis, learned now and each minute, so that skewed hosts agree on
 * expiry and a request that timed out is refused by the script it finally reaches.
 */
export async function createRedisClock(redis: RedisConnection): Promise<RedisClock> {
  let { offsetMs, roundTripMs: bestRoundTripMs } = await measureFirst(redis);
  const timer = setInterval(() => {
    measure(redis).then(
      (measured) => {
        if (measured.roundTripMs > Math.max(ROUND_TRIP_MAX_MS, bestRoundTripMs * 2)) return;
        bestRoundTripMs = Math.min(bestRoundTripMs, measured.roundTripMs);
        offsetMs = measured.offsetMs;
      },
      () => {
        // Redis is away: the last offset is still the best estimate.
      },
    );
  }, RELEARN_EVERY_MS);
  timer.unref();
  const now = () => Math.round(steadyNow() + offsetMs);
  return { now, serverNow: now, [Symbol.dispose]: () => clearInterval(timer) };
}

interface Measured {
  readonly offsetMs: number;
  readonly roundTripMs: number;
}

async function measureFirst(redis: RedisConnection): Promise<Measured> {
  let best = await measure(redis);
  for (let tries = 1; tries < FIRST_TRIES && best.roundTripMs > ROUND_TRIP_MAX_MS; tries += 1) {
    const measured = await measure(redis);
    if (measured.roundTripMs < best.roundTripMs) best = measured;
  }
  return best;
}

async function measure(redis: RedisConnection): Promise<Measured> {
  const before = steadyNow();
  const [seconds, microseconds] = await redis.time();
  const after = steadyNow();
  return {
    offsetMs: Number(seconds) * 1000 + Number(microseconds) / 1000 - (before + after) / 2,
    roundTripMs: after - before,
  };
}
