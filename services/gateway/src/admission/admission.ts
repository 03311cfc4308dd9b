import { createHmac, createSecretKey, hkdfSync, randomBytes } from 'node:crypto';
import {
  type Clock,
  defineScript,
  encodeBase32,
  loadLua,
  type RedisConnection,
  type Secret,
} from '@watchword/platform';
import { z } from 'zod';
import type { Admission, IdempotentRequest, Quota } from '../ports.ts';

const admitScript = defineScript({
  lua: loadLua(import.meta.url, '../../lua/admit.lua'),
  keys: ['sends', 'idempotencyKey'],
  reply: z.tuple([
    z.enum(['admitted', 'limited', 'mismatched', 'late']),
    z.string(),
    z.number().int(),
    z.number().int(),
    z.number().int(),
  ]),
});

const giveBackScript = defineScript({
  lua: loadLua(import.meta.url, '../../lua/give-back.lua'),
  keys: ['sends', 'idempotencyKey'],
  reply: z.literal(1),
});

export interface AdmissionDeps {
  readonly redis: RedisConnection;
  readonly clock: Clock;
  readonly hopKey: Secret<Buffer>;
  /** 0 = no limit. */
  readonly sendsPerHour: number;
}

/** Limits and idempotency in the project's own slot. Redis sees keyed hashes of an `Idempotency-Key` and of its request, never their text. */
export function createAdmission({ redis, clock, hopKey, sendsPerHour }: AdmissionDeps): Admission {
  // A KeyObject is an order of magnitude faster to sign with than a Buffer.
  const key = createSecretKey(Buffer.from(hkdfSync('sha256', hopKey.reveal(), '', 'watchword idempotency', 32)));
  const hash = (parts: readonly string[]) => createHmac('sha256', key).update(parts.join('\n')).digest('base64url');
  const hashKey = (request: IdempotentRequest) => hash(['idempotency-key', request.key]);
  const fingerprint = ({ method, path, body }: IdempotentRequest) => hash(['request', method, path, body]);

  return {
    async admit({ project, sends, deadline, idempotent }) {
      const slot = `ww:{p:${project}}`;
      const keys = { sends: `${slot}:sends`, idempotencyKey: `${slot}:i:${idempotent ? hashKey(idempotent) : ''}` };
      const freshOperation = idempotent ? encodeBase32(randomBytes(16)) : '';
      const [outcome, operation, remaining, resetSeconds, retryAfterSeconds] = await admitScript(redis, keys, [
        Math.round(clock.now()),
        deadline,
        sends,
        sendsPerHour,
        idempotent ? fingerprint(idempotent) : '',
        freshOperation,
      ]);
      const quota: { quota?: Quota } = sendsPerHour > 0 ? { quota: { sendsPerHour, remaining, resetSeconds } } : {};
      switch (outcome) {
        case 'admitted': {
          const isCounted = sends > 0 && sendsPerHour > 0 && operation === freshOperation;
          const giveBack = async () => {
            await giveBackScript(redis, keys, [operation]);
          };
          return { outcome, operation, ...(isCounted ? { giveBack } : {}), ...quota };
        }
        case 'limited':
          return { outcome, retryAfterSeconds, ...quota };
        case 'mismatched':
          return { outcome, ...quota };
        case 'late':
          return { outcome };
      }
    },
  };
}
