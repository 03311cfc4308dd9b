import type { Clock, KeyRing, RedisConnection, Secret } from '@watchword/platform';
import type { CodeDigests } from './code-digest.ts';
import { normalizeCode } from './codes.ts';
import type { DigestProfiles } from './digest-profiles.ts';
import { deriveAddressKeys } from './keys.ts';
import { createSealer } from './seal.ts';
import { createVerificationIds, stripVerificationPrefix } from './verification-id.ts';

export interface VerificationsOptions {
  readonly redis: RedisConnection;
  readonly clock: Clock;
  readonly idKey: Secret<Buffer>;
  readonly sealKeys: KeyRing;
  readonly digests: Pick<CodeDigests, 'digest'>;
  readonly profiles: DigestProfiles;
}

/** What every transition needs: the connection, the clock, keys, and how ids and codes become what Redis holds. */
export function createCore({ redis, clock, idKey, sealKeys, digests, profiles }: VerificationsOptions) {
  const keys = deriveAddressKeys(idKey);
  const ids = createVerificationIds(keys.id);
  const sealer = createSealer(sealKeys);

  /** Null for an id that does not prove itself: nothing is looked up for it. */
  function find(publicId: string) {
    const id = stripVerificationPrefix(publicId);
    const address = id === null ? null : ids.open(id);
    return id === null || address === null ? null : { id, address };
  }

  /** Null when the id's pepper has been retired: none of its codes can be verified any more. */
  async function digest(
    code: string,
    id: string,
    profileNumber: number,
    deadline: number,
    isMoot?: () => boolean,
  ): Promise<Buffer | null> {
    const profile = await profiles.get(profileNumber);
    return profile ? digests.digest(normalizeCode(code), id, profile, deadline, isMoot) : null;
  }

  return { redis, clock, keys, ids, sealer, profiles, find, digest };
}

export type Core = ReturnType<typeof createCore>;
