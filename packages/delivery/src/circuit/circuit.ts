import { type Clock, defineScript, loadLua, type RedisConnection } from '@watchword/platform';
import { z } from 'zod';
import type { Health } from '../providers/provider.ts';

const permitScript = defineScript({
  lua: loadLua(import.meta.url, '../../lua/circuit-permit.lua'),
  keys: ['circuit'],
  reply: z.tuple([z.enum(['closed', 'open', 'probe']), z.int(), z.int(), z.int()]),
});

const recordScript = defineScript({
  lua: loadLua(import.meta.url, '../../lua/circuit-record.lua'),
  keys: ['circuit'],
  reply: z.tuple([z.enum(['stale', 'none', 'opened', 'reopened', 'closed']), z.int()]),
});

/** The right to call a provider once. It is void as soon as the circuit has opened or closed since. */
export interface Permission {
  readonly state: 'closed' | 'probe';
  readonly provider: string;
  readonly generation: number;
  /** Which of the probe slots it holds; 0 when the circuit is closed. */
  readonly slot: number;
  /** When a probe's slot is given to another, should its worker have died. */
  readonly leaseUntil: number;
}

export interface OpenCircuit {
  readonly state: 'open';
  readonly provider: string;
  /** When asking again may help, ms since the epoch. */
  readonly retryAt: number;
}

/** `ms` counts from the run's first failure (`opened`), or from the opening (`reopened`, `closed`). */
export interface Transition {
  readonly kind: 'stale' | 'none' | 'opened' | 'reopened' | 'closed';
  readonly ms: number;
}

/** Which providers are worth calling, as all workers together have seen. */
export interface Circuit {
  permit(provider: string): Promise<Permission | OpenCircuit>;
  /** Tells what a permitted call showed. `neutral` only gives a probe back. */
  record(permission: Permission, health: Health): Promise<Transition>;
}

export interface CircuitOptions {
  readonly redis: RedisConnection;
  readonly clock: Pick<Clock, 'now'>;
  /** A probe that is not recorded by then counts as lost: longer than any provider call. */
  readonly probeLeaseMs: number;
  readonly openMs?: number;
}

export const CIRCUIT_OPEN_MS = 5_000;
const FAILURES_MAX = 5;
const PROBES_MAX = 2;
const FORGET_MS = 3_600_000;

/**
 * One circuit per provider in Redis, shared by all workers. Closed → open after 5 failures in a row; half open once
 * `openMs` has passed, with at most 2 probes at a time; a good probe closes it, a bad one opens it for another `openMs`.
 */
export function createCircuit({ redis, clock, probeLeaseMs, openMs = CIRCUIT_OPEN_MS }: CircuitOptions): Circuit {
  const keysOf = (provider: string) => ({ circuit: `ww:{h:${provider}}` });
  return {
    async permit(provider) {
      const args = [clock.now(), PROBES_MAX, probeLeaseMs];
      const [state, generation, slot, until] = await permitScript(redis, keysOf(provider), args);
      if (state === 'open') return { state, provider, retryAt: until };
      return { state, provider, generation, slot, leaseUntil: until };
    },
    async record({ provider, generation, slot, leaseUntil }, health) {
      const call = [clock.now(), generation, slot, leaseUntil, health];
      const policy = [FAILURES_MAX, openMs, PROBES_MAX, FORGET_MS];
      const [kind, ms] = await recordScript(redis, keysOf(provider), [...call, ...policy]);
      return { kind, ms };
    },
  };
}
