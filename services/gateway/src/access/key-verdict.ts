import { timingSafeEqual } from 'node:crypto';
import { type AccessConfig, ROOT_KEY_ID, SCOPES } from '@watchword/contracts';
import { AppError, type ConfigCopy } from '@watchword/platform';
import { mayCall } from '../domain/scopes.ts';
import type { Caller, CallNeed, Credential, SendLimits } from '../ports.ts';

export interface JudgeKeyOptions {
  /** What holds where a project has decided nothing. */
  readonly defaults: SendLimits;
  readonly rootMode: Caller['mode'];
}

type Key = AccessConfig['keys'][number];

export type KeyVerdict =
  | { readonly verdict: 'valid'; readonly caller: Caller }
  | { readonly verdict: 'refused'; readonly error: AppError };

export const unauthenticated = (detail = 'Send Authorization: Bearer <API key>; this key is missing or not known.') =>
  new AppError('unauthenticated', { detail });

export const unpublished = () =>
  new AppError('unavailable', {
    detail: 'The configuration is not in Redis: the console puts it there when it reaches the database.',
  });

/** Judges a key by a copy of its project's configuration: known, not expired, of an active project, and allowed to make the call. */
export function createJudgeKey({ defaults, rootMode }: JudgeKeyOptions) {
  // A copy is read many times before it changes.
  const compiled = new WeakMap<AccessConfig, { readonly keys: Map<string, Key>; readonly limits: SendLimits }>();

  function compile(config: AccessConfig) {
    let found = compiled.get(config);
    if (found === undefined) {
      found = { keys: new Map(config.keys.map((key) => [key.hash, key])), limits: limitsOf(config, defaults) };
      compiled.set(config, found);
    }
    return found;
  }

  return function judgeKey(
    credential: Credential,
    project: string,
    { config, epoch }: ConfigCopy<AccessConfig>,
    need: CallNeed,
    nowMs: number,
  ): KeyVerdict {
    const known = config === null ? undefined : compile(config);
    const limits = known?.limits ?? defaults;
    if (credential.kind === 'root') {
      if (config?.isSuspended === true && !need.isManaged) return refused(suspended());
      const caller = { credential, project, mode: rootMode, key: ROOT_KEY_ID, scopes: SCOPES, limits, epoch };
      return { verdict: 'valid', caller };
    }
    if (config === null || known === undefined) return refused(unpublished());
    const key = known.keys.get(credential.hash);
    if (key === undefined || !isSameHash(key.hash, credential.hash)) return refused(unauthenticated());
    if (key.expiresAt !== null && key.expiresAt <= nowMs) {
      return refused(unauthenticated('This API key has expired.'));
    }
    if (config.isSuspended) return refused(suspended());
    if (!mayCall(key.scopes, need.scopes)) return refused(insufficientScope(need));
    const { id, mode, scopes } = key;
    return { verdict: 'valid', caller: { credential, project, mode, key: id, scopes, limits, epoch } };
  };
}

function limitsOf({ limits, monthlySends }: AccessConfig, defaults: SendLimits): SendLimits {
  return {
    projectSendsPerHour: limits.project_sends_per_hour ?? defaults.projectSendsPerHour,
    userSendsPerMinute: limits.user_sends_per_minute ?? defaults.userSendsPerMinute,
    ipSendsPerHour: limits.ip_sends_per_hour ?? defaults.ipSendsPerHour,
    monthlySends,
  };
}

function isSameHash(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}

const refused = (error: AppError): KeyVerdict => ({ verdict: 'refused', error });

const suspended = () => new AppError('project_suspended', { detail: 'Every key of a suspended project is refused.' });

const insufficientScope = ({ scopes }: CallNeed) =>
  new AppError('insufficient_scope', { detail: `This call needs a key with the scope ${scopes.join(' or ')}.` });
