import { type Clock, createRedisClock } from '../clock.ts';
import type { Disposer } from '../disposer.ts';
import { checkKeyFingerprints, checkRedis, type FingerprintedKeys } from './boot-check.ts';
import { type ConnectRedisOptions, connectRedis, type RedisConnection } from './connection.ts';

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
  await checkRedis(redis, options.logger);
  await checkKeyFingerprints(redis, keys);
  if (clock) return { redis, clock };
  const redisClock = await createRedisClock(redis);
  disposer.add(() => redisClock[Symbol.dispose]());
  return { redis, clock: redisClock };
}
