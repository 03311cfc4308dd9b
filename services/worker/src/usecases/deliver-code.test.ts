import { once } from 'node:events';
import { inspect } from 'node:util';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { auth, badNumber, CODE, claimed, nexts, stage, TO, transient, unknown } from '../../test/stage.ts';

afterEach(() => {
  vi.useRealTimers();
});

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
      expect(slow.result).toBe('later');
    });
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

  test('tells a provider how long the code lives when it is called, not when it was claimed', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const { run, sent } = stage({ plan: () => vi.advanceTimersByTime(1_500) });
    await run();
    expect(sent[0]?.message.validitySeconds).toBe(289);
  });

  test('lets a provider wait no longer than its time-out', async () => {
    const hang = async ({ signal }: { readonly signal: AbortSignal }) => {
      await once(signal, 'abort');
      return unknown;
    };
    const { run, sent } = stage({ answers: { twilio: hang }, providerTimeoutMs: 20 });
    expect((await run()).attempts[0]).toMatchObject({ provider: 'twilio', outcome: 'unknown' });
    expect(sent[0]?.message.signal.reason).toMatchObject({ name: 'TimeoutError' });
  });
});
