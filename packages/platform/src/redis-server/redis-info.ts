import { Redis } from 'ioredis';

export interface RedisInfo {
  /** As the server sees itself: inside a container it is not the host's. */
  readonly processId: number;
  readonly loading: boolean;
}

const ANSWER_MS = 1_000;

/** Asks the server on a loopback port who it is. Undefined when nothing answers there or the password is wrong. */
export async function askRedisInfo(port: number, password: string | undefined): Promise<RedisInfo | undefined> {
  const redis = new Redis({
    host: '127.0.0.1',
    port,
    lazyConnect: true,
    enableReadyCheck: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    connectTimeout: ANSWER_MS,
    commandTimeout: ANSWER_MS,
    replyMapping: 'legacy',
    ...(password === undefined ? {} : { password }),
  });
  redis.on('error', () => {
    // The failed call below tells the same.
  });
  try {
    await redis.connect();
    const info = await redis.info();
    const field = (name: string) => new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1];
    return { processId: Number(field('process_id')), loading: field('loading') !== '0' };
  } catch {
    // Nothing there, not ours, or stopped: for the caller it is all one, this is not a server it can use.
    return undefined;
  } finally {
    redis.disconnect();
  }
}
