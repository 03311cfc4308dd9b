import type { RedisConnection } from '../redis/connection.ts';

const keysUsedKeyOf = (project: string) => `ww:{p:${project}}:keys-used`;

/** By id of the key, when it was last used, ms since the epoch. */
export type KeysUsed = ReadonlyMap<string, number>;

/** The gateways' own word, each some seconds late, so that the last one to speak may set a time back by as much. */
export async function noteKeysUsed(redis: RedisConnection, project: string, used: KeysUsed): Promise<void> {
  if (used.size > 0) await redis.hset(keysUsedKeyOf(project), Object.fromEntries(used));
}

export async function readKeysUsed(redis: RedisConnection, project: string): Promise<KeysUsed> {
  const stored = await redis.hgetall(keysUsedKeyOf(project));
  return new Map(Object.entries(stored).map(([id, at]) => [id, Number(at)]));
}
