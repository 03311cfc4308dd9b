import { connectRedis, createLogger, type RedisConnection, Secret } from '@watchword/platform';
import { inject } from 'vitest';

/** The suites' Redis, as a worker has it. */
export const connectedRedis = (name: string): Promise<RedisConnection> =>
  connectRedis({
    url: new Secret(inject('redisUrl')),
    name,
    profile: 'worker',
    logger: createLogger({ service: 'test', level: 'silent' }),
  });
