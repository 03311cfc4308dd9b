import { CHANNELS, type Channel, type Mode } from '@watchword/contracts';
import { type Clock, defineScript, loadLua, type RedisConnection } from '@watchword/platform';
import { z } from 'zod';
import type { Health } from '../providers/provider.ts';

/** In the words of `lua/circuit-prelude.lua`, which tells of each. */
export const CIRCUIT_STATES = ['closed', 'open', 'half_open', 'recovering'] as const;
export type CircuitState = (typeof CIRCUIT_STATES)[number];

const REASONS = [
  'failures_in_row',
  'failure_rate',
  'slow_rate',
  'probe_failed',
  'probe_slow',
  'open_time_over',
  'probes_good',
  'recovered',
] as const;

const stateSchema = z.enum(CIRCUIT_STATES);
const reasonSchema = z.enum(REASONS);
const moveSchema = z.tuple([stateSchema, stateSchema, reasonSchema, z.int()]);
const countedSchema = z.union([z.tuple([z.enum(['stale', 'counted'])]), moveSchema]);

const circuitScript = <R extends z.ZodType>(name: string, reply: R) =>
  defineScript({ lua: loadLua(import.meta.url, `../../lua/circuit-${name}.lua`), keys: ['circuit', 'samples'], reply });

const permissionSchema = z.enum(['closed', 'probe', 'recovering', 'deflected', 'slow', 'open']);
const permitScript = circuitScript(
  'permit',
  z.tuple([permissionSchema, z.int(), z.int(), z.int(), z.union([z.tuple([]), moveSchema])]),
);
const recordScript = circuitScript('record', countedSchema);
const observeScript = circuitScript('observe', countedSchema);
const readScript = circuitScript(
  'read',
  z.tuple([stateSchema, z.int(), z.int(), z.int(), z.int(), z.int(), z.union([z.literal(''), reasonSchema]), z.int()]),
);

/** A circuit went from one state to another. */
export interface Transition {
  readonly from: CircuitState;
  readonly to: CircuitState;
  readonly reason: (typeof REASONS)[number];
  /** Since the outage began; when it opens from closed, since the first of the calls that led to it. */
  readonly ms: number;
}

/** The right to call a provider once. It is void as soon as the circuit has opened or begun to recover since. */
export interface Permission {
  readonly state: 'closed' | 'probe' | 'recovering' | 'deflected' | 'slow';
  readonly provider: string;
  readonly generation: number;
  /** Which of the probe slots it holds; 0 when it is no probe. */
  readonly slot: number;
  /** When a probe's slot is given to another, should its worker have died. */
  readonly leaseUntil: number;
  /** To be used only when no other provider may be called: this one recovers, or is open for being slow, not for failing. */
  readonly isLastResort: boolean;
  /** What asking has shown to be due. */
  readonly transition?: Transition;
}

export interface OpenCircuit {
  readonly state: 'open';
  readonly provider: string;
  /** When asking again may help, ms since the epoch. */
  readonly retryAt: number;
  readonly transition?: Transition;
}

/** What became of a word on a provider: nothing (an older generation, or an open circuit), counted, or a move. */
export type Counted = 'stale' | 'counted' | Transition;

/** A circuit as it stands. */
export interface CircuitView {
  readonly state: CircuitState;
  /** Calls and receipts of the last 10 s. */
  readonly calls: number;
  readonly failures: number;
  readonly slow: number;
  /** Of the calls that are to go to this provider, 0 to 1. */
  readonly share: number;
  /** Probes under way. */
  readonly probes: number;
  /** Why it is open or half open. */
  readonly reason?: Transition['reason'];
  /** What is left of its weight, 0.05 to 1: less while calls fail or it takes longer than it used to. */
  readonly quality: number;
}

/** Which providers are worth calling, as all workers together have seen. A provider is named by its `circuitKeyOf`. */
export interface Circuit {
  permit(provider: string): Promise<Permission | OpenCircuit>;
  /** Tells what a permitted call showed, and how long it took. `neutral` only gives a probe back. */
  record(permission: Permission, health: Health, callMs?: number, attemptId?: string): Promise<Counted>;
  /**
   * Tells what a receipt showed later: delivered is healthy, undelivered for the provider's own reasons unhealthy. With its
   * attempt it tells how long the delivery took, too.
   */
  observe(provider: string, health: Health, attemptId?: string): Promise<Counted>;
  read(provider: string): Promise<CircuitView>;
}

export interface CircuitOptions {
  readonly redis: RedisConnection;
  readonly clock: Pick<Clock, 'now'>;
  /** A probe that is not recorded by then counts as lost: longer than any provider call. */
  readonly probeLeaseMs: number;
  /** A good call that took longer counts as slow. */
  readonly slowMs?: number;
  /** How long the first opening lasts; each further one twice as long, up to 60 s. */
  readonly openMs?: number;
  /** From the last probe until all calls are permitted again. */
  readonly recoveryMs?: number;
}

export const CIRCUIT_DEFAULTS = { slowMs: 2_000, openMs: 5_000, recoveryMs: 25_000 } as const;

/** The name of an account's circuit: a provider's sandbox twin has one of its own. */
export const circuitKeyOf = ({ name, mode }: { readonly name: string; readonly mode: Mode }) =>
  mode === 'live' ? name : `${name}~test`;

/** The circuit of an account for one of its channels; `usual` is the first that its kind carries, and has the account's own. */
export const circuitOfChannel = (account: string, channel: Channel, usual: Channel | undefined) =>
  channel === usual ? account : `${account}.${channel}`;

/** The channel of a circuit that was named so. */
export const channelOfCircuit = (circuit: string, usual: Channel): Channel =>
  CHANNELS.find((channel) => circuit.endsWith(`.${channel}`)) ?? usual;

/** One circuit per provider in Redis, shared by all workers; each call here is one script in the provider's own slot. */
export function createCircuit(options: CircuitOptions): Circuit {
  const { redis, clock, probeLeaseMs, slowMs, openMs, recoveryMs } = { ...CIRCUIT_DEFAULTS, ...options };
  const keysOf = (provider: string) => ({ circuit: `ww:{h:${provider}}`, samples: `ww:{h:${provider}}:samples` });
  const argumentsOf = (...own: (string | number)[]) => [clock.now(), openMs, recoveryMs, ...own];
  return {
    async permit(provider) {
      const reply = await permitScript(redis, keysOf(provider), argumentsOf(probeLeaseMs));
      const [state, generation, slot, until, moved] = reply;
      const transition = moved.length === 0 ? {} : { transition: transitionOf(moved) };
      if (state === 'open') return { state, provider, retryAt: until, ...transition };
      const isLastResort = state === 'deflected' || state === 'slow';
      return { state, provider, generation, slot, leaseUntil: until, isLastResort, ...transition };
    },
    async record({ provider, generation, slot, leaseUntil }, health, callMs = 0, attemptId = '') {
      const shown = health === 'healthy' && callMs > slowMs ? 'slow' : health;
      const given = argumentsOf(generation, slot, leaseUntil, shown, Math.round(callMs), attemptId);
      return countedOf(await recordScript(redis, keysOf(provider), given));
    },
    async observe(provider, health, attemptId = '') {
      if (health === 'neutral') return 'counted';
      return countedOf(await observeScript(redis, keysOf(provider), argumentsOf(health, attemptId)));
    },
    async read(provider) {
      const reply = await readScript(redis, keysOf(provider), argumentsOf());
      const [state, calls, failures, slow, share, probes, reason, quality] = reply;
      const why = reason === '' ? {} : { reason };
      return { state, calls, failures, slow, share: share / 100, probes, ...why, quality: quality / 100 };
    },
  };
}

function transitionOf([from, to, reason, ms]: z.infer<typeof moveSchema>): Transition {
  return { from, to, reason, ms };
}

function countedOf(reply: z.infer<typeof countedSchema>): Counted {
  return reply.length === 1 ? reply[0] : transitionOf(reply);
}
