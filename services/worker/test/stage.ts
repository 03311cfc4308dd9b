import {
  type AttemptResult,
  circuitKeyOf,
  type Health,
  type OutgoingMessage,
  renderMessage,
  type Slot,
  type Transition,
} from '@watchword/delivery';
import type { Claimed, Refused, Settlement } from '@watchword/verifications';
import { expect } from 'vitest';
import type {
  Candidate,
  Circuit,
  Deliveries,
  DeliveryObserver,
  PlanSending,
  SendRate,
  TakenMessage,
} from '../src/ports.ts';
import { createDeliverCode } from '../src/usecases/deliver-code.ts';

const DELIVERY = 'del_1';
export const CODE = 'K7Q9ZX4M2P';
export const TO = '+14155550123';

export const claimed = (ordinal: number, over: Partial<Claimed> = {}): Claimed => ({
  result: 'claimed',
  attempt: { id: `att_${ordinal}`, ordinal, deliveryId: DELIVERY },
  channel: 'sms',
  destination: TO,
  country: undefined,
  code: CODE,
  purpose: 'login',
  locale: undefined,
  project: 'default',
  mode: 'test',
  codeTtlMs: 300_000,
  remainingMs: 290_500,
  providerCalls: 0,
  isAfterLease: false,
  hasNextStep: false,
  onUnknown: 'resend',
  ...over,
});

const accepted: AttemptResult = { outcome: 'accepted', providerMessageId: 'SM1' };
export const transient: AttemptResult = { outcome: 'transient', providerCode: 'http_503' };
export const unknown: AttemptResult = { outcome: 'unknown', providerCode: 'timeout' };
export const badNumber: AttemptResult = { outcome: 'rejected', class: 'destination', providerCode: '21211' };
export const auth: AttemptResult = { outcome: 'rejected', class: 'configuration', providerCode: '20003' };

type Answer = (message: OutgoingMessage) => AttemptResult | Promise<AttemptResult>;

export interface Scene {
  /** What each provider answers, by name; a function may throw. */
  readonly answers?: Readonly<Record<string, AttemptResult | Answer>>;
  readonly providers?: readonly Pick<Candidate, 'name' | 'mode' | 'id' | 'costMicros' | 'sendsPerSecond'>[];
  readonly claims?: readonly (Claimed | Refused)[];
  readonly open?: readonly string[];
  readonly probing?: readonly string[];
  /** Permitted as a last resort. */
  readonly recovering?: readonly string[];
  readonly settle?: (call: number) => 'settled' | 'stale';
  readonly recordFails?: boolean;
  readonly permit?: (provider: string) => void;
  readonly whyNone?: 'draining';
  /** Is told, from 1, which planning this is. */
  readonly plan?: (planning: number) => void;
  /** Providers that the project has no more, from its so manieth planning on. */
  readonly removed?: { readonly names: readonly string[]; readonly from: number };
  /** What each capped account answers, one call after the other; `go` when there is no more. */
  readonly turns?: Readonly<Record<string, readonly Slot[]>>;
  /** Accounts that give no receipts. */
  readonly silent?: readonly string[];
  readonly providerTimeoutMs?: number;
}

/** The worker's ports, scripted; what happened at each is kept in order. */
export function stage(scene: Scene) {
  const sent: { provider: string; message: OutgoingMessage }[] = [];
  const settled: Settlement[] = [];
  const recorded: (readonly [string, Health])[] = [];
  const observed: string[] = [];
  const asked: string[] = [];
  const leases: number[] = [];
  let claims = 0;
  let settles = 0;
  const deliveries: Deliveries = {
    async claim(_, leaseMs) {
      leases.push(leaseMs);
      claims += 1;
      return scene.claims?.[claims - 1] ?? claimed(claims);
    },
    async settle(_, settlement) {
      settles += 1;
      const outcome = scene.settle?.(settles) ?? 'settled';
      settled.push(settlement);
      return outcome;
    },
  };
  const circuit: Circuit = {
    async permit(provider) {
      const name = nameOf(provider);
      scene.permit?.(name);
      asked.push(provider);
      if (scene.open?.includes(name)) return { state: 'open', provider, retryAt: 0 };
      const isLastResort = scene.recovering?.includes(name) ?? false;
      const isProbe = scene.probing?.includes(name) ?? false;
      const state = isLastResort ? 'deflected' : isProbe ? 'probe' : 'closed';
      const transition = isProbe ? { transition: moveTo('half_open') } : {};
      return { state, provider, generation: 0, slot: 0, leaseUntil: 0, isLastResort, ...transition };
    },
    async record({ provider, state }, health) {
      if (scene.recordFails) throw new Error('READONLY');
      recorded.push([nameOf(provider), health]);
      return state === 'probe' && health === 'healthy' ? moveTo('recovering') : 'counted';
    },
    observe: async () => 'counted',
    read: async () => ({ state: 'closed', calls: 0, failures: 0, slow: 0, share: 1, probes: 0, quality: 1 }),
  };
  const configured = scene.providers ?? [
    { name: 'twilio', mode: 'test' },
    { name: 'vonage', mode: 'test' },
  ];
  const candidates = configured.map((account): Candidate => {
    const { name } = account;
    async function send(message: OutgoingMessage): Promise<AttemptResult> {
      sent.push({ provider: name, message });
      const answer = scene.answers?.[name] ?? accepted;
      return typeof answer === 'function' ? answer(message) : answer;
    }
    const key = circuitKeyOf(account);
    const expectsReceipt = () => !scene.silent?.includes(name);
    const named = { channel: 'sms', circuit: key, account: key, expectsReceipt, send } as const;
    return Object.assign(named, account);
  });
  const draws: number[] = [];
  const planSending: PlanSending = async (claim, draw) => {
    const { channel, purpose, locale, code, codeTtlMs: ttlMs, mode, variables, binding, autofill } = claim;
    const planning = draws.push(draw);
    scene.plan?.(planning);
    const gone = scene.removed && planning >= scene.removed.from ? scene.removed.names : [];
    return {
      message: renderMessage({ channel, purpose, locale, code, ttlMs, variables, binding, autofill, templates: [] }),
      candidates: candidates.filter((candidate) => candidate.mode === mode && !gone.includes(candidate.name)),
      whyNone: scene.whyNone ?? 'no_provider',
    };
  };
  const observer: DeliveryObserver = {
    attempted: ({ provider, outcome }) => observed.push(`attempted ${provider} ${outcome}`),
    stale: ({ id }) => observed.push(`stale ${id}`),
    circuitMoved: ({ name, mode }, { to }) => observed.push(`moved ${name} ${mode} ${to}`),
    possibleDuplicate: ({ attempt }, reason) => observed.push(`possible duplicate ${attempt.id} ${reason}`),
    recordFailed: ({ name }) => observed.push(`record failed ${name}`),
    settleFailed: ({ id }) => observed.push(`settle failed ${id}`),
  };
  const horizons: (readonly [string, number])[] = [];
  const turns = new Map(Object.entries(scene.turns ?? {}).map(([name, slots]) => [name, [...slots]]));
  const rate: SendRate = {
    async reserve({ account, deliveryId, horizonMs }) {
      expect(deliveryId).toBe(DELIVERY);
      horizons.push([nameOf(account), horizonMs]);
      return turns.get(nameOf(account))?.shift() ?? { kind: 'go' };
    },
  };
  const waited: number[] = [];
  const bound: TakenMessage[] = [];
  const bindMessage = async (taken: TakenMessage) => {
    bound.push(taken);
  };
  const deliverCode = createDeliverCode({
    deliveries,
    planSending,
    circuit,
    rate,
    bindMessage,
    observer,
    providerTimeoutMs: scene.providerTimeoutMs ?? 5_000,
    wait: async (ms) => waited.push(ms),
  });
  const seen = { sent, settled, recorded, observed, leases, asked, draws, horizons, waited, bound };
  return { run: () => deliverCode(DELIVERY), ...seen };
}

const nameOf = (circuitKey: string) => circuitKey.replace(/~test$/, '');
const moveTo = (to: Transition['to']): Transition => ({ from: 'half_open', to, reason: 'probes_good', ms: 0 });

export const nexts = (settled: readonly Settlement[]) => settled.map(({ next }) => next);
