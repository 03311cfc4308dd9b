import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { StartupError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { Secret } from '../secret.ts';

export type RedisConnection = Redis | Cluster;

/**
 * `request` fails fast: nothing waits for a Redis that is away, and a command that got no answer in time is an error.
 * `worker` waits: a consumer has nothing better to do, and a settled attempt must be recorded once Redis is back.
 */
export type ConnectionProfile = 'request' | 'worker';

export interface ConnectRedisOptions {
  readonly url: Secret;
  readonly name: string;
  readonly profile: ConnectionProfile;
  readonly logger: Logger;
  /** For `request`: the longest any one command may take. */
  readonly commandTimeoutMs?: number;
}

const RECONNECT_MAX_MS = 250;
const COMMAND_TIMEOUT_MS = 700;

/** Connects to one Redis, or to a Cluster when the URL lists several nodes. Resolves when it answers. */
export async function connectRedis(options: ConnectRedisOptions): Promise<RedisConnection> {
  const redis = createRedisConnection(options);
  redis.on('error', (error: Error) =>
    options.logger.debug({ err: error, connection: options.name }, 'redis connection'),
  );
  try {
    await redis.connect();
  } catch (error) {
    redis.disconnect();
    throw new StartupError(`Redis at ${placesOf(options.url)} does not answer: start it, or set REDIS_URL.`, {
      cause: error,
    });
  }
  return redis;
}

/** Hosts and ports, without passwords. */
function placesOf(url: Secret): string {
  return url
    .reveal()
    .split(',')
    .map((node) => new URL(node).host)
    .join(', ');
}

function createRedisConnection({ url, name, profile, commandTimeoutMs }: ConnectRedisOptions): RedisConnection {
  const nodes = url.reveal().split(',');
  const common: RedisOptions = {
    connectionName: name,
    lazyConnect: true,
    connectTimeout: 2_000,
    enableAutoPipelining: profile === 'request',
    enableOfflineQueue: profile === 'worker',
    maxRetriesPerRequest: profile === 'worker' ? null : 0,
    retryStrategy: (attempt) => Math.min(attempt * 50, RECONNECT_MAX_MS),
    ...(profile === 'request' ? { commandTimeout: commandTimeoutMs ?? COMMAND_TIMEOUT_MS } : {}),
  };
  const [only, ...others] = nodes;
  if (only !== undefined && others.length === 0) return new Redis(only, { ...common, replyMapping: 'legacy' });

  const first = new URL(nodes[0] as string);
  return new Cluster(nodes, {
    lazyConnect: true,
    enableAutoPipelining: profile === 'request',
    enableOfflineQueue: true,
    slotsRefreshTimeout: 2_000,
    clusterRetryStrategy: (attempt) => Math.min(attempt * 50, RECONNECT_MAX_MS),
    redisOptions: {
      connectionName: name,
      connectTimeout: 2_000,
      ...(first.username ? { username: decodeURIComponent(first.username) } : {}),
      ...(first.password ? { password: decodeURIComponent(first.password) } : {}),
      ...(profile === 'request' ? { commandTimeout: commandTimeoutMs ?? COMMAND_TIMEOUT_MS } : {}),
      ...(first.protocol === 'rediss:' ? { tls: {} } : {}),
    },
  });
}

/** Replies of a server that is up but cannot serve now: loading, failing over, out of memory. */
const SERVER_UNAVAILABLE = /^(LOADING|CLUSTERDOWN|TRYAGAIN|MASTERDOWN|READONLY|NOREPLICAS|OOM|BUSY)\b/;
const CONNECTION_UNAVAILABLE =
  /Connection is closed|Command timed out|Stream isn't writeable|max retries per request|slots cache|ClusterAllFailed|None of startup nodes|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT/;

/** Whether Redis was away or could not serve, as opposed to a mistake of ours. */
export function isRedisUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return SERVER_UNAVAILABLE.test(error.message) || CONNECTION_UNAVAILABLE.test(`${error.name} ${error.message}`);
}
