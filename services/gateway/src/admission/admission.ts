import { randomBytes } from 'node:crypto';
import {
  type Clock,
  configKeyOf,
  defineScript,
  encodeBase32,
  loadLua,
  monthOf,
  type RedisConnection,
  SENDS_KEPT_MS,
  sendsKeyOf,
} from '@watchword/platform';
import { z } from 'zod';
import { addressBlockOf } from '../domain/address-block.ts';
import type { Admission, AdmissionRequest, IdempotentRequest } from '../ports.ts';
import type { KeyedHash } from './keyed-hash.ts';
import { readLimits, secondsLeftOfMonth } from './limit-states.ts';

const int = z.number().int();
const admitScript = defineScript({
  lua: loadLua(import.meta.url, '../../lua/admit.lua'),
  keys: ['config', 'sends', 'idempotencyKey', 'user', 'address'],
  reply: z.tuple([
    z.enum(['admitted', 'limited', 'mismatched', 'stale', 'late']),
    z.string(),
    z.enum(['', 'project_sends', 'user_sends', 'ip_sends', 'quota']),
    ...([int, int, int, int, int, int, int, int] as const),
  ]),
});

const giveBackScript = defineScript({
  lua: loadLua(import.meta.url, '../../lua/give-back.lua'),
  keys: ['sends', 'idempotencyKey', 'user', 'address'],
  reply: z.literal(1),
});

export interface AdmissionDeps {
  readonly redis: RedisConnection;
  readonly clock: Clock;
  readonly hash: KeyedHash;
}

/** A quota's wait may be weeks, and a plan can be raised meanwhile: nobody should be told to stay away for longer than this. */
const QUOTA_WAIT_MAX_SECONDS = 86_400;

/**
 * Limits, quota and idempotency in the project's own slot. Redis sees keyed hashes of an `Idempotency-Key`, of its request, of
 * end users and of their addresses, never their text.
 */
export function createAdmission({ redis, clock, hash }: AdmissionDeps): Admission {
  const fingerprint = ({ method, path, body }: IdempotentRequest) => hash('request', method, path, body);

  /** An answer is repeated within its mode only: what a test key did says nothing of a live call under the same key. */
  function keysOf({ caller: { project, mode }, idempotent, endUser: { userId, ip } = {} }: AdmissionRequest) {
    const slot = `ww:{p:${project}}`;
    return {
      config: configKeyOf(project),
      sends: sendsKeyOf(project),
      idempotencyKey: `${slot}:i:${idempotent ? hash('idempotency-key', mode, idempotent.key) : ''}`,
      user: `${slot}:u:${userId === undefined ? '' : hash('user', userId)}`,
      address: `${slot}:a:${ip === undefined ? '' : hash('address', addressBlockOf(ip))}`,
    };
  }

  return {
    async admit(request) {
      const { caller, sends, deadline, idempotent } = request;
      const nowMs = Math.round(clock.now());
      const limits = applicableTo(request);
      const month = monthOf(nowMs);
      const keys = keysOf(request);
      const freshOperation = idempotent ? encodeBase32(randomBytes(16)) : '';
      const [outcome, operation, reached, waitSeconds, ...states] = await admitScript(redis, keys, [
        nowMs,
        deadline,
        caller.epoch,
        sends,
        idempotent ? fingerprint(idempotent) : '',
        freshOperation,
        limits.projectSendsPerHour,
        limits.userSendsPerMinute,
        limits.ipSendsPerHour,
        month,
        limits.monthlySends ?? -1,
        SENDS_KEPT_MS,
      ]);
      if (outcome === 'late' || outcome === 'stale') return { outcome };
      const read = { limits: readLimits(limits, states, nowMs) };
      if (outcome === 'mismatched') return { outcome, ...read };
      if (outcome === 'limited') {
        const isQuota = reached === 'quota' || reached === '';
        return {
          outcome,
          limit: isQuota ? 'monthly_sends' : reached,
          retryAfterSeconds: isQuota ? Math.min(secondsLeftOfMonth(nowMs), QUOTA_WAIT_MAX_SECONDS) : waitSeconds,
          ...read,
        };
      }
      if (sends === 0 || operation !== freshOperation) return { outcome, operation, ...read };
      const counted = [limits.userSendsPerMinute, limits.ipSendsPerHour].map((limit) => Math.min(limit, 1));
      const giveBack = async () => {
        await giveBackScript(redis, keys, [nowMs, operation, month, ...counted]);
      };
      return { outcome, operation, giveBack, ...read };
    },
  };
}

/** An end user whom the caller does not name is not limited. */
function applicableTo({ caller: { limits }, endUser: { userId, ip } = {} }: AdmissionRequest) {
  return {
    ...limits,
    userSendsPerMinute: userId === undefined ? 0 : limits.userSendsPerMinute,
    ipSendsPerHour: ip === undefined ? 0 : limits.ipSendsPerHour,
  };
}
