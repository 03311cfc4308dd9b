import type { Slot } from '@watchword/delivery';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { claimed, nexts, type Scene, stage, transient } from '../../test/stage.ts';

afterEach(() => {
  vi.useRealTimers();
});

describe('finding a provider', () => {
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

  test('draws once for all attempts of a job, so that they follow one order', async () => {
    const { run, draws } = stage({ answers: { twilio: transient, vonage: transient } });
    await run();
    expect(draws.length).toBeGreaterThan(1);
    expect(new Set(draws).size).toBe(1);
  });

  test('does not take one that was chosen before the last attempt was settled when the project has it no more', async () => {
    const { run, sent, recorded } = stage({
      providers: ['twilio', 'vonage', 'backup'].map((name) => ({ name, mode: 'test' })),
      answers: { twilio: transient },
      probing: ['vonage'],
      removed: { names: ['vonage'], from: 3 },
    });
    expect((await run()).result).toBe('accepted');
    expect(sent.map(({ provider }) => provider)).toEqual(['twilio', 'backup']);
    expect(recorded).toContainEqual(['vonage', 'neutral']);
  });

  test('gives that one and the claim back when nobody can say any more what the project has decided', async () => {
    const { run, settled, recorded } = stage({
      answers: { twilio: transient },
      probing: ['vonage'],
      plan: (planning) => {
        if (planning === 3) throw new Error('CLUSTERDOWN The cluster is down');
      },
    });
    await expect(run()).rejects.toThrow('CLUSTERDOWN');
    expect(settled.at(-1)).toMatchObject({ provider: null, providerCode: 'not_planned', next: { kind: 'later' } });
    expect(recorded).toContainEqual(['vonage', 'neutral']);
  });

  test('gives that one back when settling took so long that its probe may be another’s by now', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const { run, sent, settled, recorded } = stage({
      answers: { twilio: transient },
      probing: ['vonage'],
      settle: (call) => {
        if (call === 1) vi.advanceTimersByTime(2_001);
        return 'settled';
      },
    });
    const { result } = await run();
    expect(result).toBe('later');
    expect(sent.map(({ provider }) => provider)).toEqual(['twilio']);
    expect(settled.at(-1)).toMatchObject({ provider: null, providerCode: 'redis_slow' });
    expect(recorded).toContainEqual(['vonage', 'neutral']);
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
});

describe('a provider that gets only so many messages in a second', () => {
  const capped = { name: 'twilio', mode: 'test', sendsPerSecond: 10 } as const;
  const free = { name: 'vonage', mode: 'test' } as const;
  const wait = (waitMs: number, isReserved = true): Slot => ({ kind: 'wait', waitMs, isReserved });

  test('is called when it is its turn, and waited for when that comes within a second', async () => {
    const turns = { twilio: [wait(300), wait(100)] };
    const { run, sent, horizons, waited } = stage({ providers: [capped, free], turns });
    expect((await run()).result).toBe('accepted');
    expect(waited).toEqual([300, 100]);
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
