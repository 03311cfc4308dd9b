import { type Clock, defineScript, loadLua, type RedisConnection } from '@watchword/platform';
import { z } from 'zod';
import { addressBlockOf } from '../domain/address-block.ts';
import type { KeyedHash } from './keyed-hash.ts';

const limitScript = defineScript({
  lua: loadLua(import.meta.url, '../../lua/limit-address.lua'),
  keys: ['calls'],
  reply: z.number().int(),
});

/** 60 slots, which with the one under way are just below 15 minutes: nobody is told to wait longer than the window. */
const WINDOW_MS = 885_000;

export interface AddressLimitDeps {
  readonly redis: RedisConnection;
  readonly clock: Clock;
  readonly hash: KeyedHash;
  /** In 15 minutes; 0 = no limit. */
  readonly callsMax: number;
}

/**
 * Bounds the management calls of a client address, over all gateways and projects. Counts one, or resolves with the seconds
 * to wait; 0 = it may go on. Rejects when Redis does not answer: what cannot be counted is not let through.
 */
export function createAddressLimit({ redis, clock, hash, callsMax }: AddressLimitDeps) {
  return async function limitAddress(address: string): Promise<number> {
    if (callsMax === 0) return 0;
    const calls = `ww:{platform}:calls:${hash('client', addressBlockOf(address))}`;
    return limitScript(redis, { calls }, [Math.round(clock.now()), callsMax, WINDOW_MS]);
  };
}

export type LimitAddress = ReturnType<typeof createAddressLimit>;
