import { inspect } from 'node:util';
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
import { describe, expect, test, vi } from 'vitest';
import type {
  Candidate,
  Circuit,
  Deliveries,
  DeliveryObserver,
  PlanSending,
  SendRate,
  TakenMessage,
} from '../ports.ts';
import { createDeliverCode } from './deliver-code.ts';

const DELIVERY = 'del_1';
const CODE = 'K7Q9ZX4M2P';
const TO = '+14155550123';

const claimed = (ordinal: number, over: Partial<Claimed> = {}): Claimed => ({
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
const transient: AttemptResult = { outcome: 'transient', providerCode: 'http_503' };
const unknown: AttemptResult = { outcome: 'unknown', providerCode: 'timeout' };
const badNumber: AttemptResult = { outcome: 'rejected', class: 'destination', providerCode: '21211' };
const auth: AttemptResult = { outcome: 'rejected', class: 'configuration', providerCode: '20003' };

interface Scene {
  /** What each provider answers, by name; a function may throw. */
  readonly answers?: Readonly<Record<string, AttemptResult | (() => AttemptResult)>>;
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
  readonly plan?: () => void;
  /** What each capped account answers, one call after the other; `go` when there is no more. */
  readonly turns?: Readonly<Record<string, readonly Slot[]>>;
  /** Accounts that give no receipts. */
  readonly silent?: readonly string[];
}

/** The worker's ports, scripted; what happened at each is kept in order. */
function stage(scene: Scene) {
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
      return typeof answer === 'function' ? answer() : answer;
    }
    const key = circuitKeyOf(account);
    const expectsReceipt = () => !scene.silent?.includes(name);
    const named = { channel: 'sms', circuit: key, account: key, expectsReceipt, send } as const;
    return Object.assign(named, account);
  });
  const draws: number[] = [];
  const planSending: PlanSending = async (claim, draw) => {
    const { channel, purpose, locale, code, codeTtlMs: ttlMs, mode, variables, binding, autofill } = claim;
    scene.plan?.();
    draws.push(draw);
    return {
      message: renderMessage({ channel, purpose, locale, code, ttlMs, variables, binding, autofill, templates: [] }),
      candidates: candidates.filter((candidate) => candidate.mode === mode),
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
  const bound: TakenMessage[] = [];
  const bindMessage = async (taken: TakenMessage) => {
    bound.push(taken);
  };
  const ports = { deliveries, planSending, circuit, rate, bindMessage, observer };
  const deliverCode = createDeliverCode({ ...ports, providerTimeoutMs: 5_000 });
  const seen = { sent, settled, recorded, observed, leases, asked, draws, horizons, bound };
  return { run: () => deliverCode(DELIVERY), ...seen };
}

const nameOf = (circuitKey: string) => circuitKey.replace(/~test$/, '');
const moveTo = (to: Transition['to']): Transition => ({ from: 'half_open', to, reason: 'probes_good', ms: 0 });

const nexts = (settled: readonly Settlement[]) => settled.map(({ next }) => next);

describe('delivering a code', () => {
  test('sends through the primary, once, under a lease longer than the call', async () => {
    const { run, sent, settled, recorded, leases } = stage({});
    expect(await run()).toEqual({
      result: 'accepted',
      attempts: [
        {
          attempt: 'att_1',
          ordinal: 1,
          channel: 'sms',
          provider: 'twilio',
          mode: 'test',
          outcome: 'accepted',
          ms: expect.any(Number),
        },
      ],
    });
    expect(sent).toHaveLength(1);
    expect(sent[0]?.message).toMatchObject({
      channel: 'sms',
      to: TO,
      code: CODE,
      locale: 'en',
      purpose: 'login',
      text: `Your login OTP is ${CODE}. Do not share it with anyone. Valid for 5 minutes.`,
      attemptId: 'att_1',
      validitySeconds: 290,
    });
    expect(settled).toEqual([
      {
        provider: 'twilio',
        countsAsCall: true,
        outcome: 'accepted',
        providerMessageId: 'SM1',
        template: 'shipped',
        expectsReceipt: true,
        next: { kind: 'end', status: 'accepted' },
      },
    ]);
    expect(recorded).toEqual([['twilio', 'healthy']]);
    expect(leases).toEqual([7_000]);
  });

  test.each(['leased', 'ended', 'expired', 'gone', 'late'] as const)(
    'sends nothing when the claim is refused: %s',
    async (result) => {
      const { run, sent, settled } = stage({ claims: [{ result }] });
      expect(await run()).toEqual({ result, attempts: [] });
      expect(sent).toEqual([]);
      expect(settled).toEqual([]);
    },
  );

  test.each([transient, auth, unknown])(
    'fails over at once after $outcome, under a claim of its own',
    async (answer) => {
      const { run, sent, settled, recorded, leases } = stage({ answers: { twilio: answer } });
      const report = await run();
      expect(report.result).toBe('accepted');
      expect(report.attempts.map(({ provider, outcome }) => [provider, outcome])).toEqual([
        ['twilio', answer.outcome],
        ['vonage', 'accepted'],
      ]);
      expect(sent.map(({ message }) => message.attemptId)).toEqual(['att_1', 'att_2']);
      expect(nexts(settled)).toEqual([{ kind: 'again' }, { kind: 'end', status: 'accepted' }]);
      expect(recorded).toEqual([
        ['twilio', 'unhealthy'],
        ['vonage', 'healthy'],
      ]);
      expect(leases).toHaveLength(2);
    },
  );

  test('never fails over a bad number, and leaves the health alone', async () => {
    const { run, sent, settled, recorded } = stage({ answers: { twilio: badNumber } });
    expect((await run()).result).toBe('failed');
    expect(sent.map(({ provider }) => provider)).toEqual(['twilio']);
    expect(settled).toEqual([
      {
        provider: 'twilio',
        countsAsCall: true,
        outcome: 'rejected',
        class: 'destination',
        providerCode: '21211',
        expectsReceipt: true,
        next: { kind: 'end', status: 'failed' },
      },
    ]);
    expect(recorded).toEqual([]);
  });

  test('gives a probe back when its number was bad', async () => {
    const { run, recorded } = stage({ answers: { twilio: badNumber }, probing: ['twilio'] });
    await run();
    expect(recorded).toEqual([['twilio', 'neutral']]);
  });

  test('comes back later when every provider said no', async () => {
    const { run, settled } = stage({ answers: { twilio: transient, vonage: auth } });
    expect((await run()).result).toBe('later');
    expect(nexts(settled)).toEqual([{ kind: 'again' }, { kind: 'later', delayMs: 2_000 }]);
  });

  test('ends unknown when the last provider said no but an earlier one may have sent', async () => {
    const { run, settled } = stage({ answers: { twilio: unknown, vonage: transient } });
    expect((await run()).result).toBe('unknown');
    expect(nexts(settled).at(-1)).toEqual({ kind: 'end', status: 'unknown' });
  });

  test('ends unknown at once, and calls nobody else, where the policy waits for a receipt', async () => {
    const { run, sent, settled } = stage({ answers: { twilio: unknown }, claims: [claimed(1, { onUnknown: 'wait' })] });
    expect((await run()).result).toBe('unknown');
    expect(sent).toHaveLength(1);
    expect(nexts(settled)).toEqual([{ kind: 'end', status: 'unknown' }]);
  });

  test('says of a provider without receipts that its last word is said', async () => {
    const { run, settled } = stage({ silent: ['twilio'] });
    await run();
    expect(settled).toMatchObject([{ provider: 'twilio', expectsReceipt: false }]);
  });

  test('says which attempt a message is of, once a provider took it', async () => {
    const { run, bound } = stage({ answers: { twilio: transient } });
    await run();
    expect(bound).toMatchObject([{ candidate: { name: 'vonage' }, attemptId: 'att_2', providerMessageId: 'SM1' }]);
  });

  test('skips a provider whose circuit is open', async () => {
    const { run, sent, asked } = stage({ open: ['twilio'] });
    expect((await run()).result).toBe('accepted');
    expect(sent.map(({ provider }) => provider)).toEqual(['vonage']);
    expect(asked).toEqual(['twilio~test', 'vonage~test']);
  });

  test('leaves a recovering provider its rest, and takes another', async () => {
    const { run, sent } = stage({ recovering: ['twilio'] });
    expect((await run()).result).toBe('accepted');
    expect(sent.map(({ provider }) => provider)).toEqual(['vonage']);
  });

  test.each([
    ['there is no other', { providers: [{ name: 'twilio', mode: 'test' }] }, ['twilio']],
    ['the other is open', { open: ['vonage'] }, ['twilio']],
    ['the other said no', { answers: { vonage: transient } }, ['vonage', 'twilio']],
    ['the other recovers as well', { recovering: ['twilio', 'vonage'] }, ['twilio']],
  ] satisfies [string, Scene, string[]][])(
    'calls a recovering provider all the same when %s',
    async (_, scene, called) => {
      const { run, sent } = stage({ recovering: ['twilio'], ...scene });
      expect((await run()).result).toBe('accepted');
      expect(sent.map(({ provider }) => provider)).toEqual(called);
    },
  );

  test('tells of every move of a circuit, with the mode of the account', async () => {
    const { run, observed } = stage({ probing: ['twilio'] });
    await run();
    expect(observed.filter((line) => line.startsWith('moved'))).toEqual([
      'moved twilio test half_open',
      'moved twilio test recovering',
    ]);
  });

  test('tells of a call that may double the message: after an unknown outcome, and not after a no', async () => {
    const doubled = stage({ answers: { twilio: unknown } });
    await doubled.run();
    expect(doubled.observed).toContain('possible duplicate att_2 unknown');
    const after = stage({ claims: [claimed(2, { isAfterLease: true })] });
    await after.run();
    expect(after.observed).toContain('possible duplicate att_2 lease_ended');
    const single = stage({ answers: { twilio: transient } });
    await single.run();
    expect(single.observed.filter((line) => line.startsWith('possible'))).toEqual([]);
  });

  test.each([
    ['live', 'twilio'],
    ['test', 'twilio~test'],
  ] as const)('sends a %s verification through that account of two, under its own circuit', async (mode, key) => {
    const providers = [
      { name: 'twilio', mode: 'live' },
      { name: 'twilio', mode: 'test' },
    ] as const;
    const { run, asked, sent, settled } = stage({ providers, claims: [claimed(1, { mode })] });
    expect((await run()).attempts).toMatchObject([{ provider: 'twilio', mode }]);
    expect(asked).toEqual([key]);
    expect(sent).toHaveLength(1);
    expect(settled).toMatchObject([{ provider: 'twilio' }]);
  });

  test('waits without a provider while each circuit is open', async () => {
    const { run, sent, settled } = stage({ open: ['twilio', 'vonage'] });
    expect((await run()).result).toBe('later');
    expect(sent).toEqual([]);
    expect(settled).toEqual([
      {
        provider: null,
        countsAsCall: false,
        outcome: 'transient',
        providerCode: 'circuit_open',
        expectsReceipt: false,
        next: { kind: 'later', delayMs: 1_000 },
      },
    ]);
  });

  describe('where a workflow can go on over another channel', () => {
    const claims = [claimed(1, { hasNextStep: true }), claimed(2, { hasNextStep: true })];
    const failed = { kind: 'end', status: 'failed' } as const;
    const away = () => {
      throw new Error('CLUSTERDOWN The cluster is down');
    };

    test.each([
      ['circuit_open', { open: ['twilio', 'vonage'] }],
      ['draining', { providers: [], whyNone: 'draining' }],
    ] as const)('fails at once when nobody can be called: %s', async (providerCode, over) => {
      const { run, settled } = stage({ claims, ...over });
      expect((await run()).result).toBe('failed');
      expect(settled).toMatchObject([{ provider: null, outcome: 'transient', providerCode, next: failed }]);
    });

    test('fails once each provider was asked', async () => {
      const { run, sent, settled } = stage({ claims, answers: { twilio: transient, vonage: auth } });
      expect((await run()).result).toBe('failed');
      expect(sent.map(({ provider }) => provider)).toEqual(['twilio', 'vonage']);
      expect(nexts(settled)).toEqual([{ kind: 'again' }, failed]);
    });

    test('waits for a capped provider, for Redis, and for word of what the project has decided', async () => {
      const capped = [{ name: 'twilio', mode: 'test', sendsPerSecond: 10 }] as const;
      const turns = { twilio: [1, 2].map(() => ({ kind: 'wait', waitMs: 4_000, isReserved: true }) as const) };
      expect((await stage({ claims, providers: capped, turns }).run()).result).toBe('later');

      const unplanned = stage({ claims, plan: away });
      await expect(unplanned.run()).rejects.toThrow('CLUSTERDOWN');
      expect(nexts(unplanned.settled)).toMatchObject([{ kind: 'later' }]);

      const permit = (provider: string) => (provider === 'vonage' ? away() : undefined);
      expect((await stage({ claims, answers: { twilio: transient }, permit }).run()).result).toBe('later');

      vi.useFakeTimers({ toFake: ['performance'] });
      const slow = await stage({ claims, permit: () => vi.advanceTimersByTime(2_001) }).run();
      vi.useRealTimers();
      expect(slow.result).toBe('later');
    });
  });

  test.each([
    ['test', 'live'],
    ['live', 'test'],
  ] as const)('never sends a %s verification through a %s provider', async (mode, other) => {
    const providers = [
      { name: 'twilio', mode: other },
      { name: 'vonage', mode },
    ];
    const mixed = stage({ providers, claims: [claimed(1, { mode })] });
    expect((await mixed.run()).result).toBe('accepted');
    expect(mixed.sent.map(({ provider }) => provider)).toEqual(['vonage']);

    const foreign = stage({ providers: [{ name: 'twilio', mode: other }], claims: [claimed(1, { mode })] });
    expect((await foreign.run()).result).toBe('failed');
    expect(foreign.sent).toEqual([]);
    expect(foreign.settled).toEqual([
      {
        provider: null,
        countsAsCall: false,
        outcome: 'rejected',
        class: 'configuration',
        providerCode: 'no_provider',
        expectsReceipt: false,
        next: { kind: 'end', status: 'failed' },
      },
    ]);
  });

  test('sends nothing, and gives the claim and the provider back, when Redis took so long that the call would outlive its lease', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const { run, sent, settled, recorded } = stage({
      probing: ['twilio'],
      permit: () => vi.advanceTimersByTime(2_001),
    });
    const report = await run();
    vi.useRealTimers();
    expect(report.result).toBe('later');
    expect(sent).toEqual([]);
    expect(settled).toMatchObject([{ provider: null, countsAsCall: false, providerCode: 'redis_slow' }]);
    expect(recorded).toEqual([['twilio', 'neutral']]);
  });

  test('sends nothing and gives the claim back when nobody can say what the project has decided', async () => {
    const { run, sent, settled } = stage({
      plan: () => {
        throw new Error('CLUSTERDOWN The cluster is down');
      },
    });
    await expect(run()).rejects.toThrow('CLUSTERDOWN');
    expect(sent).toEqual([]);
    expect(settled).toMatchObject([
      { provider: null, outcome: 'transient', providerCode: 'not_planned', next: { kind: 'later', delayMs: 1_000 } },
    ]);
  });

  test('holds a delivery whose providers are all draining, looks less and less often, and says why', async () => {
    const delays: unknown[] = [];
    for (const ordinal of [1, 2, 9]) {
      const { run, settled } = stage({ providers: [], whyNone: 'draining', claims: [claimed(ordinal)] });
      expect((await run()).result).toBe('later');
      expect(settled).toMatchObject([
        { provider: null, countsAsCall: false, outcome: 'transient', providerCode: 'draining' },
      ]);
      delays.push(...nexts(settled));
    }
    expect(delays).toEqual([1_000, 2_000, 10_000].map((delayMs) => ({ kind: 'later', delayMs })));
  });

  test("settles a project's own provider with its id, and with its cost only when it took the message", async () => {
    const own = { mode: 'test', name: 'twilio', costMicros: 40_000 } as const;
    const providers = [
      { ...own, id: 'prv_1' },
      { ...own, name: 'vonage', id: 'prv_2', costMicros: 50_000 },
    ];
    const { run, settled } = stage({ providers, answers: { twilio: transient } });
    await run();
    expect(settled[0]).toMatchObject({ provider: 'twilio', providerId: 'prv_1' });
    expect(settled[0]).not.toHaveProperty('costMicros');
    expect(settled[0]).not.toHaveProperty('template');
    expect(settled[1]).toMatchObject({ providerId: 'prv_2', costMicros: 50_000, template: 'shipped' });
  });

  test('draws once for all attempts of a job, so that they follow one order', async () => {
    const { run, draws } = stage({ answers: { twilio: transient, vonage: transient } });
    await run();
    expect(draws.length).toBeGreaterThan(1);
    expect(new Set(draws).size).toBe(1);
  });

  test('gives the next provider back when its claim is refused', async () => {
    const { run, sent, recorded } = stage({
      answers: { twilio: transient },
      probing: ['vonage'],
      claims: [claimed(1), { result: 'ended' }],
    });
    expect((await run()).result).toBe('ended');
    expect(sent.map(({ provider }) => provider)).toEqual(['twilio']);
    expect(recorded).toEqual([
      ['twilio', 'unhealthy'],
      ['vonage', 'neutral'],
    ]);
  });

  test('ends the job and says so when its settlement is stale', async () => {
    const { run, sent, recorded, observed } = stage({
      answers: { twilio: transient },
      probing: ['vonage'],
      settle: () => 'stale',
    });
    expect((await run()).result).toBe('stale');
    expect(sent).toHaveLength(1);
    expect(observed).toContain('stale att_1');
    expect(recorded).toContainEqual(['vonage', 'neutral']);
  });

  test('settles again until Redis takes it, and sends only once', async () => {
    const { run, sent, settled, observed } = stage({
      settle: (call) => {
        if (call < 3) throw new Error('Connection is closed.');
        return 'settled';
      },
    });
    expect((await run()).result).toBe('accepted');
    expect(sent).toHaveLength(1);
    expect(settled).toHaveLength(1);
    expect(observed.filter((line) => line === 'settle failed att_1')).toHaveLength(2);
  });

  test('gives up settling when the code is dead', async () => {
    const { run, sent } = stage({
      claims: [claimed(1, { remainingMs: 50 })],
      settle: () => {
        throw new Error('Connection is closed.');
      },
    });
    await expect(run()).rejects.toThrow('Connection is closed.');
    expect(sent).toHaveLength(1);
  });

  test('settles although the health could not be recorded, or the next provider not be chosen', async () => {
    const { run, settled, observed } = stage({ recordFails: true });
    expect((await run()).result).toBe('accepted');
    expect(settled).toHaveLength(1);
    expect(observed).toContain('record failed twilio');

    const away = stage({
      answers: { twilio: unknown },
      permit: (provider) => {
        if (provider === 'vonage') throw new Error('Too many Cluster redirections');
      },
    });
    expect((await away.run()).result).toBe('unknown');
    expect(away.settled).toHaveLength(1);
  });

  test('calls an adapter that throws unknown, and keeps nothing of its error', async () => {
    const scene = stage({
      answers: {
        twilio: () => {
          throw new Error(`sending ${CODE} to ${TO}`);
        },
      },
    });
    const report = await scene.run();
    expect(report.attempts[0]).toMatchObject({ outcome: 'unknown', providerCode: 'adapter_error' });
    const kept = inspect([report, scene.settled, scene.observed], { depth: 10 });
    expect(kept).not.toContain(CODE);
    expect(kept).not.toContain(TO);
  });

  test('lets a provider wait no longer than its time-out', async () => {
    const { run, sent } = stage({});
    await run();
    expect(sent[0]?.message.signal.aborted).toBe(false);
    expect(sent[0]?.message.signal).toBeInstanceOf(AbortSignal);
  });
});

describe('a provider that gets only so many messages in a second', () => {
  const capped = { name: 'twilio', mode: 'test', sendsPerSecond: 10 } as const;
  const free = { name: 'vonage', mode: 'test' } as const;
  const wait = (waitMs: number, isReserved = true): Slot => ({ kind: 'wait', waitMs, isReserved });

  test('is called when it is its turn, and waited for when that comes within a second', async () => {
    const { run, sent, horizons } = stage({ providers: [capped, free], turns: { twilio: [wait(30), wait(10)] } });
    const startedAt = performance.now();
    expect((await run()).result).toBe('accepted');
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(39);
    expect(sent.map(({ provider }) => provider)).toEqual(['twilio']);
    expect(horizons.map(([name]) => name)).toEqual(['twilio', 'twilio', 'twilio']);
    for (const [, horizonMs] of horizons) expect(horizonMs).toBeLessThanOrEqual(1_000);
  });

  test('gives way to the next one when its turn comes later, and gets its probe back', async () => {
    const { run, sent, recorded } = stage({
      providers: [capped, free],
      probing: ['twilio'],
      turns: { twilio: [wait(1_200, false)] },
    });
    expect((await run()).result).toBe('accepted');
    expect(sent.map(({ provider }) => provider)).toEqual(['vonage']);
    expect(recorded).toEqual([
      ['twilio', 'neutral'],
      ['vonage', 'healthy'],
    ]);
  });

  test.each([
    ['the one that is free first keeps a turn', wait(4_000), 3_200],
    ['none is in sight', wait(10_050, false), 8_000],
  ])('leaves the delivery to the due set when all have their hands full: %s', async (_, kept, delayMs) => {
    const { run, sent, settled, horizons } = stage({
      providers: [capped, { ...capped, name: 'vonage' }],
      turns: { twilio: [wait(5_000, false)], vonage: [wait(4_000, false), kept] },
    });
    expect((await run()).result).toBe('later');
    expect(sent).toEqual([]);
    expect(horizons.at(-1)).toEqual(['vonage', 10_000]);
    expect(settled).toMatchObject([
      {
        provider: null,
        countsAsCall: false,
        outcome: 'transient',
        providerCode: 'rate_limited',
        next: { kind: 'later', delayMs },
      },
    ]);
  });

  test('is asked for its turn under the claim that calls it, not before', async () => {
    const { run, leases, horizons, settled } = stage({
      providers: [free, { ...capped, name: 'backup' }],
      answers: { vonage: transient },
    });
    await run();
    expect(horizons).toHaveLength(1);
    expect(leases).toHaveLength(2);
    expect(nexts(settled)).toEqual([{ kind: 'again' }, { kind: 'end', status: 'accepted' }]);
  });
});
