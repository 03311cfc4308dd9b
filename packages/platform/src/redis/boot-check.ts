import { createHash } from 'node:crypto';
import { Cluster } from 'ioredis';
import { StartupError } from '../errors.ts';
import type { KeyRing } from '../key-ring.ts';
import type { SECRET_VARIABLES } from '../keys-file.ts';
import type { Logger } from '../logger.ts';
import { Secret } from '../secret.ts';
import type { RedisConnection } from './connection.ts';

/** Refuses a Redis that would lose or evict what is open; warns loudly about one that forgets at a restart. */
export async function checkRedis(redis: RedisConnection, logger: Logger): Promise<void> {
  const nodes = redis instanceof Cluster ? redis.nodes('master') : [redis];
  for (const node of nodes) {
    const info = parseInfo(await node.info());
    const version = info.get('redis_version') ?? '0';
    if (Number.parseInt(version, 10) < 7) {
      throw new StartupError(`Redis ${version} is too old: Watchword needs Redis 7 or newer.`);
    }
    const policy = info.get('maxmemory_policy');
    if (policy !== 'noeviction') {
      throw new StartupError(
        `Redis would evict open verifications: set maxmemory-policy to noeviction (it is ${policy}).`,
      );
    }
    if (info.get('aof_enabled') === '0') {
      logger.warn('Redis has no append-only file: a restart forgets every open verification (set appendonly yes)');
    }
  }
}

function parseInfo(text: string): Map<string, string> {
  return new Map(
    text.split('\r\n').flatMap((line): [string, string][] => {
      const colon = line.indexOf(':');
      return colon > 0 ? [[line.slice(0, colon), line.slice(colon + 1)]] : [];
    }),
  );
}

const FINGERPRINTS_KEY = 'ww:keys';

/** By the name of their variable, so that services which share a key compare the same fingerprint. */
export type FingerprintedKeys = Readonly<
  Partial<Record<Exclude<keyof typeof SECRET_VARIABLES, 'API_KEY'>, Secret<Buffer> | KeyRing>>
>;

/**
 * Compares the fingerprint of each key with the one Redis was first used with, and leaves it there when it is the first.
 * Without this, a process with another pepper or id key would call every right code wrong.
 */
export async function checkKeyFingerprints(redis: RedisConnection, keys: FingerprintedKeys): Promise<void> {
  const mismatched: string[] = [];
  for (const { name, field, key } of Object.entries(keys).flatMap(fingerprinted)) {
    const fingerprint = fingerprintOf(name, key);
    await redis.hsetnx(FINGERPRINTS_KEY, field, fingerprint);
    if ((await redis.hget(FINGERPRINTS_KEY, field)) !== fingerprint) mismatched.push(name);
  }
  if (mismatched.length === 0) return;
  throw new StartupError(
    `${mismatched.join(', ')} is not the one this Redis was first used with: start with the same keys (DATA_DIR/keys.json or the environment), or with an empty Redis.`,
  );
}

/** Enough to tell keys apart and nothing to find one by; `name` is that of its variable. */
export function fingerprintOf(name: string, key: Secret<Buffer>): string {
  return createHash('sha256').update(`watchword:${name}:`).update(key.reveal()).digest('hex').slice(0, 16);
}

/** Each key of a ring has a fingerprint of its own, so that a ring may gain and lose keys. */
function fingerprinted([name, key]: [string, Secret<Buffer> | KeyRing]) {
  if (key instanceof Secret) return [{ name, field: name, key }];
  return key.keys.map((entry) => ({ name, field: `${name}:${entry.id}`, key: entry.key }));
}
