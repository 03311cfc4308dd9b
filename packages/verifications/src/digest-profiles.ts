import { type RedisConnection, StartupError } from '@watchword/platform';
import { z } from 'zod';
import type { DigestProfile } from './code-digest.ts';

const PROFILES_KEY = 'ww:digest-profiles';
const PROFILES_MAX = 64;
const profileSchema = z.object({ memoryKib: z.int() });

export interface DigestProfiles {
  /** The number of the profile that new codes are digested under. */
  readonly current: number;
  /** Undefined for a number that was never registered. */
  get(number: number): Promise<DigestProfile | undefined>;
}

/** Registers this process' profile in Redis under the first free number (0–63), or finds the number it already has. */
export async function registerDigestProfile(redis: RedisConnection, profile: DigestProfile): Promise<DigestProfiles> {
  const known = new Map<number, DigestProfile>();
  const text = JSON.stringify(profile);
  for (let number = 0; number < PROFILES_MAX; number += 1) {
    const taken = (await redis.hsetnx(PROFILES_KEY, String(number), text)) === 0;
    const registered = taken ? await redis.hget(PROFILES_KEY, String(number)) : text;
    known.set(number, profileSchema.parse(JSON.parse(registered ?? text)));
    if (registered === text) return { current: number, get: (wanted) => find(redis, known, wanted) };
  }
  throw new StartupError('64 digest costs were used with this Redis: set CODE_DIGEST_MEMORY_KIB to one of them.');
}

async function find(redis: RedisConnection, known: Map<number, DigestProfile>, number: number) {
  const cached = known.get(number);
  if (cached) return cached;
  const text = await redis.hget(PROFILES_KEY, String(number));
  if (text === null) return undefined;
  const profile = profileSchema.parse(JSON.parse(text));
  known.set(number, profile);
  return profile;
}
