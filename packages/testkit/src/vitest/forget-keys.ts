import { connectRedis, createLogger, Secret } from '@watchword/platform';
import { beforeAll, inject } from 'vitest';
import './provided.ts';

/** Set-up of each file: the suites share one Redis, and services refuse one that has seen other keys than theirs. */
beforeAll(async () => {
  const logger = createLogger({ service: 'test', level: 'silent' });
  const redis = await connectRedis({ url: new Secret(inject('redisUrl')), name: 'set-up', profile: 'request', logger });
  await redis.del('ww:keys');
  redis.disconnect();
});
