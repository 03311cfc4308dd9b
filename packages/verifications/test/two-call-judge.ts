import { deriveAddressKeys } from '../src/keys.ts';
import { keysOf } from '../src/shards.ts';
import { createVerificationIds } from '../src/verification-id.ts';
import type { Harness } from './harness.ts';

/**
 * The broken build that the race tests must catch: the digest and the count are read in one call, and written in another,
 * as select-compare-increment does. The first `racers` guesses all read before any of them writes: the race it loses.
 */
export function createTwoCallJudge({ redis, keys, digests, profiles }: Harness, racers: number) {
  let reads = 0;
  let open: () => void;
  const allHaveRead = new Promise<void>((resolve) => {
    open = resolve;
  });
  const ids = createVerificationIds(deriveAddressKeys(keys.idKey).id);
  return async function judge(publicId: string, code: string) {
    const id = publicId.slice(4);
    const address = ids.open(id);
    const profile = address && (await profiles.get(address.profile));
    if (!address || !profile) throw new Error('unknown id');
    const { verification } = keysOf(id, address, '');
    const candidate = await digests.digest(code, id, profile, Date.now() + 30_000);

    const [status, checksLeft, digest] = await redis.hmgetBuffer(verification, 's', 'c', 'h1');
    reads += 1;
    if (reads >= racers) open();
    await allHaveRead;
    if (status?.toString() !== 'pending')
      return { result: status?.toString() === 'approved' ? 'already_approved' : 'exhausted' };
    if (Number(checksLeft) <= 0) return { result: 'exhausted' };
    if (digest?.equals(candidate)) {
      await redis.hset(verification, 's', 'approved');
      return { result: 'approved' };
    }
    await redis.hincrby(verification, 'c', -1);
    return { result: 'incorrect' };
  };
}
