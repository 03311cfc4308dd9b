import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createLine, type LineDeps } from './line.ts';
import type { SocketEvents } from './socket.ts';

const LEASE_MS = 6_000;
const session = { read: async () => ({}), write: async () => {}, clear: async () => {} };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A line whose lease answers as the test says, and whose sockets open at once. */
function start(over: Partial<LineDeps> = {}) {
  let take: () => Promise<boolean> = async () => true;
  const opened: { events: SocketEvents; isEnded: boolean }[] = [];
  const states: string[] = [];
  const line = createLine({
    reference: 'default.prv_1',
    session,
    lease: { leaseMs: LEASE_MS, take: () => take(), giveBack: async () => {} },
    openSocket: async (_, events) => {
      const one = { events, isEnded: false };
      opened.push(one);
      events.onOpen();
      return {
        knows: async () => true,
        sendText: async () => {},
        logOut: async () => {},
        end: () => void (one.isEnded = true),
      };
    },
    onQr: () => {},
    onAck: () => {},
    onState: (state) => states.push(state),
    pauseMs: 1_000,
    ...over,
  });
  const live = () => opened.filter(({ isEnded }) => !isEnded).length;
  const ready = async () => {
    const found = await line.ready(new AbortController().signal);
    return 'is' in found ? found.is : 'open';
  };
  return { line, opened, states, live, ready, answer: (next: typeof take) => (take = next) };
}

describe('the lease of a line', () => {
  test('is asked for again for as long as it lives, and no connection ends by that', async () => {
    const { line, ready, live, opened } = start();
    expect(await ready()).toBe('open');
    await vi.advanceTimersByTimeAsync(20 * LEASE_MS);
    expect([live(), opened.length]).toEqual([1, 1]);
    await line.close();
    expect(live()).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  test.each<[string, () => Promise<boolean>]>([
    ['says nothing', () => new Promise(() => undefined)],
    ['refuses to answer', () => Promise.reject(new Error('LOADING'))],
  ])('has lapsed here before it has in a Redis that %s', async (_, answer) => {
    const started = start();
    await started.ready();
    started.answer(answer);
    await vi.advanceTimersByTimeAsync((LEASE_MS * 2) / 3);
    expect(started.live()).toBe(1);
    await vi.advanceTimersByTimeAsync(LEASE_MS / 3 - 1);
    expect([started.live(), started.states.at(-1)]).toEqual([0, 'idle']);
    started.answer(async () => true);
    expect(await started.ready()).toBe('open');
    await started.line.close();
  });

  test('is as old as its question, not as its answer', async () => {
    const started = start();
    await started.ready();
    // Each question is carried out at once, and its answer a third of a lease under way; then Redis is gone.
    let isThere = true;
    started.answer(() => new Promise((resolve) => isThere && setTimeout(() => resolve(true), LEASE_MS / 3)));
    await vi.advanceTimersByTimeAsync(2 * LEASE_MS);
    expect(started.live()).toBe(1);
    isThere = false;
    await vi.advanceTimersByTimeAsync(LEASE_MS);
    expect(started.live()).toBe(0);
    await started.line.close();
  });

  test('that was given too late to be of use is asked for anew', async () => {
    const started = start();
    started.answer(() => new Promise((resolve) => setTimeout(() => resolve(true), LEASE_MS)));
    const late = started.ready();
    await vi.advanceTimersByTimeAsync(LEASE_MS);
    expect(await late).toBe('owned_elsewhere');
    expect([started.opened.length, vi.getTimerCount()]).toEqual([0, 0]);
  });
});

describe('a session that cannot be read', () => {
  test('is asked for again while Redis is away', async () => {
    let isAway = true;
    const openSocket: LineDeps['openSocket'] = async (_, events) => {
      if (isAway) throw new Error('LOADING Redis is loading the dataset in memory');
      events.onOpen();
      return { knows: async () => true, sendText: async () => {}, logOut: async () => {}, end: () => {} };
    };
    const { line, ready, states } = start({ openSocket });
    expect(await ready()).toBe('disconnected');
    isAway = false;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await ready()).toBe('open');
    expect(states).toEqual(['connecting', 'waiting', 'connecting', 'open']);
    await line.close();
  });
});
