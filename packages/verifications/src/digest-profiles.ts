import {
  AppError,
  isKeyToCome,
  type KeyRing,
  keyOfRing,
  type RedisConnection,
  StartupError,
} from '@watchword/platform';
import { z } from 'zod';
import type { DigestProfile } from './code-digest.ts';
import { registerDigestProfileScript } from './scripts.ts';

const PROFILES_KEY = 'ww:digest-profiles';
/** Earlier versions had one pepper, the first. */
const profileSchema = z.object({ memoryKib: z.int(), pepper: z.int().default(1) });

export interface DigestProfiles {
  /** The number of the profile that new codes are digested under. */
  readonly current: number;
  /**
   * Undefined when nothing digested under that number can be verified any more: its pepper has been retired, or the number
   * was never given. Throws `unavailable` for a pepper that this process will know after a restart.
   */
  get(number: number): Promise<DigestProfile | undefined>;
}

export interface RegisterDigestProfileOptions {
  readonly redis: RedisConnection;
  readonly memoryKib: number;
  readonly peppers: KeyRing;
}

/** Registers this process' cost and current pepper in Redis under a number (0–63), or finds the number they already have. */
export async function registerDigestProfile(options: RegisterDigestProfileOptions): Promise<DigestProfiles> {
  const { redis, memoryKib, peppers } = options;
  const held = `,${peppers.keys.map(({ id }) => id).join(',')},`;
  const profile = { memoryKib, pepper: peppers.current.id };
  const current = await registerDigestProfileScript(redis, { profiles: PROFILES_KEY }, [
    memoryKib,
    profile.pepper,
    held,
  ]);
  if (current < 0) {
    throw new StartupError('64 digest costs were used with this Redis: set CODE_DIGEST_MEMORY_KIB to one of them.');
  }
  const known = new Map<number, DigestProfile>([[current, profile]]);

  async function get(number: number): Promise<DigestProfile | undefined> {
    const cached = known.get(number);
    if (cached) return cached;
    const text = await redis.hget(PROFILES_KEY, String(number));
    if (text === null) return undefined;
    const found = profileSchema.parse(JSON.parse(text));
    if (keyOfRing(peppers, found.pepper)) {
      known.set(number, found);
      return found;
    }
    if (isKeyToCome(peppers, found.pepper)) {
      throw new AppError('unavailable', { detail: 'The code is of a newer pepper: restart this process.' });
    }
    // Not kept: the number of a retired pepper may be given to another profile.
    return undefined;
  }

  return { current, get };
}
