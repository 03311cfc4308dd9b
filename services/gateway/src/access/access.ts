import { hash as digest, timingSafeEqual } from 'node:crypto';
import {
  AppError,
  type Clock,
  type ConfigCache,
  type ConfigCopies,
  isApiKey,
  modeOfApiKey,
  type Secret,
} from '@watchword/platform';
import type { Access, Caller, CallNeed, Credential, SendLimits } from '../ports.ts';
import { bearerOf } from './bearer.ts';
import { createJudgeKey, unauthenticated, unpublished } from './key-verdict.ts';
import { createLookupBound } from './lookup-bound.ts';

export interface AccessDeps {
  readonly copies: Pick<ConfigCopies, 'ownerOf' | 'epochOf'>;
  readonly cache: Pick<ConfigCache<'access'>, 'peek' | 'reload'>;
  readonly clock: Clock;
  /** May do everything in `rootProject`, with or without a copy of its configuration. */
  readonly rootKey: Secret | undefined;
  readonly rootProject: string;
  readonly defaults: SendLimits;
}

const OWNERS_MAX = 10_000;

/**
 * Knows callers by copies of the projects' configuration. A copy that is held here may be old: that it admits a key is judged
 * once more in Redis by its epoch, with the call's admission; that it refuses one, here.
 */
export function createAccess({ copies, cache, clock, rootKey, rootProject, defaults }: AccessDeps): Access {
  const rootMode = modeOfApiKey(rootKey?.reveal() ?? '') ?? 'test';
  const judgeKey = createJudgeKey({ defaults, rootMode });
  const lookups = createLookupBound();
  /** Project by the key's hash: once a key's, always its. */
  const owners = new Map<string, string>();

  async function ownerOf(hash: string, address: string): Promise<string> {
    const known = owners.get(hash);
    if (known !== undefined) {
      // To the end: the one that was not used for the longest is forgotten first.
      owners.delete(hash);
      owners.set(hash, known);
      return known;
    }
    if (lookups.isReached(address)) {
      const detail = 'Too many unknown API keys come from this address.';
      throw new AppError('rate_limited', { detail, limit: 'unknown_keys', retryAfterSeconds: 1 });
    }
    const found = await copies.ownerOf(hash);
    if (found.owner === null) {
      lookups.countMiss(address);
      throw found.isPublished ? unauthenticated() : unpublished();
    }
    owners.set(hash, found.owner);
    const [oldest] = owners.keys();
    if (owners.size > OWNERS_MAX && oldest !== undefined) owners.delete(oldest);
    return found.owner;
  }

  async function judge(credential: Credential, project: string, need: CallNeed): Promise<Caller> {
    const held = cache.peek(project);
    if (held !== undefined) {
      const judged = judgeKey(credential, project, held, need, clock.now());
      if (judged.verdict === 'valid') return judged.caller;
      if ((await copies.epochOf(project)) === held.epoch) throw judged.error;
    }
    return judgeReloaded(credential, project, need);
  }

  async function judgeReloaded(credential: Credential, project: string, need: CallNeed): Promise<Caller> {
    const judged = judgeKey(credential, project, await cache.reload(project), need, clock.now());
    if (judged.verdict === 'refused') throw judged.error;
    return judged.caller;
  }

  return {
    async authenticate(authorization, address, need) {
      const given = bearerOf(authorization);
      if (given === undefined) throw unauthenticated();
      if (isRootKey(given, rootKey)) return judge({ kind: 'root' }, rootProject, need);
      if (!isApiKey(given)) throw unauthenticated();
      const hash = digest('sha256', given, 'hex');
      return judge({ kind: 'key', hash }, await ownerOf(hash, address), need);
    },

    judgeAnew: ({ credential, project }, need) => judgeReloaded(credential, project, need),
  };
}

function isRootKey(given: string, rootKey: Secret | undefined): boolean {
  const known = rootKey?.reveal();
  if (known === undefined || known.length !== given.length) return false;
  return timingSafeEqual(Buffer.from(given), Buffer.from(known));
}
