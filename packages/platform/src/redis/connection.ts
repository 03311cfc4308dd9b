import { Cluster, Redis } from 'ioredis';
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
export const START_TIMEOUT_MS = 5_000;

/** Connects to one Redis, or to a Cluster when the URL lists several nodes. Resolves when it answers. */
export async function connectRedis(options: ConnectRedisOptions): Promise<RedisConnection> {
  const redis = createRedisConnection(options);
  let lastError: Error | undefined;
  redis.on('error', (error: Error) => {
    lastError = error;
    options.logger.debug({ err: error, connection: options.name }, 'redis connection');
  });
  try {
    await within(START_TIMEOUT_MS, connectAndSelect(redis));
  } catch (error) {
    redis.disconnect();
    throw new StartupError(explainConnectFailure(placesOf(options.url), lastError ?? error), { cause: error });
  }
  return redis;
}

/** ioredis goes on in database 0 when the one in the URL does not exist. */
async function connectAndSelect(redis: RedisConnection): Promise<void> {
  await redis.connect();
  if (redis instanceof Redis && redis.options.db) await redis.select(redis.options.db);
}

/** Rejects when `started` takes longer: a stopped server takes a connection and says nothing. */
export async function within<T>(ms: number, started: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), ms);
  });
  try {
    return await Promise.race([started, silence]);
  } finally {
    clearTimeout(timer);
  }
}

function explainConnectFailure(places: string, error: unknown): string {
  const reason = error instanceof Error ? error.message : '';
  if (/NOAUTH|WRONGPASS|NOPERM|invalid password/i.test(reason)) {
    return `Redis at ${places} refuses the user or password in REDIS_URL.`;
  }
  if (reason.includes('DB index')) return `Redis at ${places} does not have the database in REDIS_URL.`;
  return `Redis at ${places} does not answer: start it, or set REDIS_URL.`;
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
  const failsFast = profile === 'request';
  const retryStrategy = (attempt: number) => Math.min(attempt * 50, RECONNECT_MAX_MS);
  const shared = { lazyConnect: true, enableAutoPipelining: failsFast, enableOfflineQueue: !failsFast };
  const ofNode = {
    connectionName: name,
    connectTimeout: 2_000,
    ...(failsFast ? { commandTimeout: commandTimeoutMs ?? COMMAND_TIMEOUT_MS } : {}),
  };
  const [only, ...others] = url.reveal().split(',');
  if (only !== undefined && others.length === 0) {
    const maxRetriesPerRequest = failsFast ? 0 : null;
    return new Redis(only, { ...shared, ...ofNode, retryStrategy, maxRetriesPerRequest, replyMapping: 'legacy' });
  }

  const nodes = url.reveal().split(',');
  const { username, password, protocol } = new URL(nodes[0] ?? '');
  return new Cluster(nodes, {
    ...shared,
    slotsRefreshTimeout: 2_000,
    clusterRetryStrategy: retryStrategy,
    redisOptions: {
      ...ofNode,
      ...(username ? { username: decodeURIComponent(username) } : {}),
      ...(password ? { password: decodeURIComponent(password) } : {}),
      ...(protocol === 'rediss:' ? { tls: {} } : {}),
    },
  });
}

/** Replies of a server that is up but cannot serve now: loading, failing over, moving slots, out of memory. */
const SERVER_UNAVAILABLE = /^(LOADING|CLUSTERDOWN|TRYAGAIN|MASTERDOWN|READONLY|NOREPLICAS|OOM|BUSY|MOVED|ASK)\b/;
const CONNECTION_UNAVAILABLE =
  /Connection is closed|Command timed out|Stream isn't writeable|max retries per request|Too many Cluster redirections|enableOfflineQueue|slots cache|ClusterAllFailed|None of startup nodes|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT/;

/** Whether Redis was away or could not serve, as opposed to a mistake of ours. */
export function isRedisUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return SERVER_UNAVAILABLE.test(error.message) || CONNECTION_UNAVAILABLE.test(`${error.name} ${error.message}`);
}
