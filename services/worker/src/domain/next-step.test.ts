import type { AttemptResult } from '@watchword/delivery';
import { describe, expect, test } from 'vitest';
import { type MadeAttempt, nextAfterAttempt, nextForSlot, nextWhileDraining, nextWithoutCall } from './next-step.ts';

const accepted: AttemptResult = { outcome: 'accepted', providerMessageId: 'SM1' };
const configuration: AttemptResult = { outcome: 'rejected', class: 'configuration', providerCode: '20003' };
const transient: AttemptResult = { outcome: 'transient', providerCode: 'http_503' };
const unknown: AttemptResult = { outcome: 'unknown', providerCode: 'timeout' };
const retryAfter = (retryAfterMs: number): AttemptResult => ({ ...transient, retryAfterMs });

const made = (result: AttemptResult, probe = false): MadeAttempt => ({ result, probe });
const after = (latest: MadeAttempt, over: Partial<Parameters<typeof nextAfterAttempt>[0]> = {}) =>
  nextAfterAttempt({
    latest,
    earlier: [],
    providerCalls: 0,
    hasOther: false,
    hasNextStep: false,
    onUnknown: 'resend',
    ...over,
  });

describe('what follows an attempt', () => {
  test.each([true, false])('ends when accepted (another provider: %s)', (hasOther) => {
    expect(after(made(accepted), { hasOther })).toEqual({ kind: 'end', status: 'accepted' });
  });

  test.each(['destination', 'content', 'fraud'] as const)('never fails over a %s rejection', (rejection) => {
    const result: AttemptResult = { outcome: 'rejected', class: rejection, providerCode: '21211' };
    expect(after(made(result), { hasOther: true })).toEqual({ kind: 'end', status: 'failed' });
  });

  test.each([configuration, transient, unknown])('goes to the next provider at once after $outcome', (result) => {
    expect(after(made(result), { hasOther: true })).toEqual({ kind: 'again' });
  });

  test('ends unknown when none is left and any attempt of the job may have sent it', () => {
    expect(after(made(unknown))).toEqual({ kind: 'end', status: 'unknown' });
    expect(after(made(transient), { earlier: [made(unknown)] })).toEqual({
      kind: 'end',
      status: 'unknown',
    });
    expect(after(made(unknown, true), { earlier: [made(transient, true)] })).toEqual({
      kind: 'end',
      status: 'unknown',
    });
  });

  test('ends unknown though another provider is free, where the policy waits for a receipt', () => {
    const wait = { hasOther: true, onUnknown: 'wait' } as const;
    expect(after(made(unknown), wait)).toEqual({ kind: 'end', status: 'unknown' });
    expect(after(made(transient), wait)).toEqual({ kind: 'again' });
    expect(after(made(configuration), wait)).toEqual({ kind: 'again' });
  });

  test.each([
    [0, 2_000],
    [2, 4_000],
    [3, 8_000],
  ])('waits longer each round of two providers (%i calls before: %i ms)', (providerCalls, delayMs) => {
    const later = after(made(transient), { earlier: [made(configuration)], providerCalls });
    expect(later).toEqual({ kind: 'later', delayMs });
  });

  test.each([
    [0, 2_000],
    [1, 4_000],
    [2, 8_000],
    [3, 10_000],
  ])('waits at most 10 s with one provider (%i calls before: %i ms)', (providerCalls, delayMs) => {
    expect(after(made(transient), { providerCalls })).toEqual({ kind: 'later', delayMs });
  });

  describe('where a workflow can go on over another channel', () => {
    const next = { hasNextStep: true } as const;

    test.each([transient, configuration, retryAfter(3_000)])('has failed after one round: $outcome', (result) => {
      expect(after(made(result), next)).toEqual({ kind: 'end', status: 'failed' });
      expect(after(made(result, true), next)).toEqual({ kind: 'end', status: 'failed' });
    });

    test('but not while another provider may be called, or nobody could say whether one may', () => {
      expect(after(made(transient), { ...next, hasOther: true })).toEqual({ kind: 'again' });
      expect(after(made(transient), { ...next, hasOther: 'unknown' })).toMatchObject({ kind: 'later' });
    });

    test('and ends unknown as ever when one of them may have sent it', () => {
      expect(after(made(transient), { ...next, earlier: [made(unknown)] })).toEqual({ kind: 'end', status: 'unknown' });
    });
  });

  test('has failed after 6 provider calls', () => {
    expect(after(made(transient), { earlier: [made(transient)], providerCalls: 4 })).toEqual({
      kind: 'end',
      status: 'failed',
    });
    expect(after(made(configuration), { providerCalls: 6 })).toEqual({ kind: 'end', status: 'failed' });
  });

  test('comes back when the first provider wants it, within 1 and 10 s', () => {
    const delayOf = (latest: number, ...earlier: number[]) =>
      after(made(retryAfter(latest)), { earlier: earlier.map((ms) => made(retryAfter(ms))) });
    expect(delayOf(3_000)).toEqual({ kind: 'later', delayMs: 3_000 });
    expect(delayOf(9_000, 5_000)).toEqual({ kind: 'later', delayMs: 5_000 });
    expect(delayOf(600_000)).toEqual({ kind: 'later', delayMs: 10_000 });
    expect(delayOf(0)).toEqual({ kind: 'later', delayMs: 1_000 });
  });

  test('does not count failed probes as the failure of the delivery', () => {
    expect(after(made(transient, true), { providerCalls: 5 })).toMatchObject({ kind: 'later' });
    expect(after(made(transient, true), { earlier: [made(transient)], providerCalls: 5 })).toEqual({
      kind: 'end',
      status: 'failed',
    });
  });
});

describe('when each circuit is open', () => {
  test('waits a little longer each time, at most 5 s, as long as the code lives', () => {
    expect(nextWithoutCall(1)).toEqual({ kind: 'later', delayMs: 1_000 });
    expect(nextWithoutCall(3)).toEqual({ kind: 'later', delayMs: 3_000 });
    expect(nextWithoutCall(60)).toEqual({ kind: 'later', delayMs: 5_000 });
  });
});

describe('while all that may send are draining', () => {
  test('looks twice as late each time, at most after 10 s: some seventy looks in the longest life of a code', () => {
    const delays = [1, 2, 3, 4, 5, 1_000].map((ordinal) => nextWhileDraining(ordinal));
    expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000].map((delayMs) => ({ kind: 'later', delayMs })));
  });
});

describe('when all that may be called have as many messages as they may get', () => {
  test('is back a little before its slot, and later without one', () => {
    const delayOf = (waitMs: number, isReserved: boolean) => nextForSlot({ waitMs, isReserved });
    expect(delayOf(4_000, true)).toEqual({ kind: 'later', delayMs: 3_200 });
    expect(delayOf(200, true)).toEqual({ kind: 'later', delayMs: 0 });
    expect(delayOf(10_100, false)).toEqual({ kind: 'later', delayMs: 8_000 });
  });
});
