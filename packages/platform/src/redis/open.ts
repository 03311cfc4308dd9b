import { type Clock, createRedisClock } from '../clock.ts';
import type { Disposer } from '../disposer.ts';
import { StartupError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { checkKeyFingerprints, checkRedis, type FingerprintedKeys } from './boot-check.ts';
import {
  type ConnectRedisOptions,
  connectRedis,
  type RedisConnection,
  START_TIMEOUT_MS,
  within,
} from './connection.ts';

export interface OpenRedisOptions extends ConnectRedisOptions {
  /** The keys whose fingerprints must be the ones this Redis was first used with. */
  readonly keys: FingerprintedKeys;
  /** Instead of the process' own, corrected by its offset to Redis. */
  readonly clock?: Clock | undefined;
}

/** A checked connection and the clock that goes with it; both end with `disposer`. Throws StartupErrors. */
export async function openRedis(
  { keys, clock, ...options }: OpenRedisOptions,
  disposer: Disposer,
): Promise<{ redis: RedisConnection; clock: Clock }> {
  const redis = await connectRedis(options);
  disposer.add(() => redis.disconnect());
  try {
    await within(START_TIMEOUT_MS, check(redis, keys, options.logger));
    if (clock) return { redis, clock };
    const redisClock = await within(START_TIMEOUT_MS, createRedisClock(redis));
    disposer.add(() => redisClock[Symbol.dispose]());
    return { redis, clock: redisClock };
  } catch (error) {
    if (error instanceof StartupError) throw error;
    const reason = error instanceof Error ? error.message : 'unknown';
    throw new StartupError(`This Redis cannot be used: ${reason}.`, { cause: error });
  }
}

async function check(redis: RedisConnection, keys: FingerprintedKeys, logger: Logger): Promise<void> {
  await checkRedis(redis, logger);
  await checkKeyFingerprints(redis, keys);
}
