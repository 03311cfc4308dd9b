import { connectRedis, createLogger, type RedisConnection, Secret } from '@watchword/platform';
import type { RedisHash } from './stated.ts';

const SHARDS = 64;
const PAGE = 1_000;
const KEY_PREFIX = 'ww:';

export interface RedisSample {
  /** In the streams: not recorded yet, or not trimmed yet. */
  readonly events: number;
  readonly memoryBytes: number;
}

/** What Redis itself says, read past every service. */
export type RedisView = Awaited<ReturnType<typeof openRedisView>>;

export async function openRedisView(url: string) {
  const redis = await connectRedis({
    url: new Secret(url),
    name: 'soak',
    profile: 'worker',
    logger: createLogger({ service: 'soak', level: 'silent' }),
  });
  return {
    sample: (): Promise<RedisSample> => sample(redis),
    verifications: () => readVerifications(redis),
    close: () => redis.disconnect(),
  };
}

async function sample(redis: RedisConnection): Promise<RedisSample> {
  const streams = Array.from(
    { length: SHARDS },
    (_, shard) => `${KEY_PREFIX}{${String(shard).padStart(2, '0')}}:events`,
  );
  const lengths = await Promise.all(streams.map((stream) => redis.xlen(stream)));
  const memory = /used_memory:(\d+)/.exec(await redis.info('memory'));
  return { events: lengths.reduce((sum, length) => sum + length, 0), memoryBytes: Number(memory?.[1]) };
}

/** Every verification's hash by its id, 26 characters. Sealed fields are bytes, and read as text here: none is compared. */
async function readVerifications(redis: RedisConnection): Promise<Map<string, RedisHash>> {
  const found = new Map<string, RedisHash>();
  let cursor = '0';
  do {
    const [next, keys] = await redis.scan(cursor, 'MATCH', `${KEY_PREFIX}{*}:v:*`, 'COUNT', PAGE);
    const hashes = await Promise.all(keys.map((key) => redis.hgetall(key)));
    for (const [index, key] of keys.entries()) found.set(key.split(':').at(-1) as string, hashes[index] ?? {});
    cursor = next;
  } while (cursor !== '0');
  return found;
}
