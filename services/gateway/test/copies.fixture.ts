import { createHash, randomUUID } from 'node:crypto';
import { type AccessConfig, type Limits, type Mode, SCOPES, type Scope } from '@watchword/contracts';
import {
  type ConfigParts,
  connectRedis,
  createConfigCopies,
  createLogger,
  mintApiKey,
  type RedisConnection,
  Secret,
} from '@watchword/platform';
import { inject } from 'vitest';

export const connectTestRedis = (url = inject('redisUrl')) =>
  connectRedis({
    url: new Secret(url),
    name: 'test',
    profile: 'request',
    logger: createLogger({ service: 'test', level: 'silent' }),
    commandTimeoutMs: 5_000,
  });

type Key = AccessConfig['keys'][number];

export interface IssuedKey {
  readonly text: string;
  readonly entry: Key;
}

/** A key as the console would make it, and its entry in the copy. */
export function issueKey(changes: Partial<Key> = {}, mode: Mode = 'test'): IssuedKey {
  const text = mintApiKey(mode);
  const hash = createHash('sha256').update(text).digest('hex');
  const scopes: Scope[] = [...SCOPES];
  return { text, entry: { id: `key_${randomUUID().slice(0, 8)}`, hash, mode, scopes, expiresAt: null, ...changes } };
}

export interface AccessChanges {
  readonly keys?: readonly IssuedKey[];
  readonly isSuspended?: boolean;
  readonly limits?: Partial<Limits>;
  readonly monthlySends?: number | null;
}

const NO_LIMITS: Limits = { project_sends_per_hour: null, user_sends_per_minute: null, ip_sends_per_hour: null };

const partsOf = ({ keys = [], isSuspended = false, limits = {}, monthlySends = null }: AccessChanges): ConfigParts => ({
  access: { isSuspended, keys: keys.map(({ entry }) => entry), limits: { ...NO_LIMITS, ...limits }, monthlySends },
  sending: { policies: {}, pause: { all: false, countries: [] }, smsCountries: null, lists: [] },
  delivery: { providers: [], routes: [], templates: [] },
});

let lastEpoch = Date.now();

/** Publishes a project's configuration as the console does, each time at a later epoch. */
export async function publishAccess(redis: RedisConnection, project: string, changes: AccessChanges): Promise<number> {
  lastEpoch += 1;
  await createConfigCopies(redis).publish(project, lastEpoch, partsOf(changes));
  return lastEpoch;
}
