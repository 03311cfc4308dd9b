import { setTimeout as delay } from 'node:timers/promises';
import { BATCH_BYTES_MAX, BATCH_CALLS_MAX } from '@watchword/contracts';
import { createHopSigner, type Secret } from '@watchword/platform';
import { Pool } from 'undici';
import type { Hop, HopCall } from '../ports.ts';
import { createHopBatch, type HopBatch, type PendingCall } from './hop-batch.ts';

/** A call that hangs keeps the connection of its batch, so there are more than speed alone would ask for. */
const BATCHES_MAX = 64;
/** The service judges by the deadline; the gateway waits this much longer for its word. */
const GRACE_MS = 50;
const SWEEP_MS = 20;
/** In characters, each of which takes at most 3 bytes. */
const BATCH_TEXT_MAX = Math.floor(BATCH_BYTES_MAX / 4);

export interface HopOptions {
  /** The service, for what is said of it; its URL is set in the variable of this name in capitals and `_URL`. */
  readonly name: string;
  readonly url: string;
  readonly hopKey: Secret<Buffer>;
}

export interface ClosableHop extends Hop {
  /** Waits for the calls in flight, each of which has its deadline. */
  close(): Promise<void>;
}

/**
 * Gathers the calls of one turn of the event loop into one signed batch, over a bounded pool of kept-alive connections. When
 * all of them are busy, calls gather for the next batch, each until its deadline; how many can wait is bounded by those who
 * forward. Nothing is repeated: the service may have acted on a lost call.
 */
export function createHop({ name, url, hopKey }: HopOptions): ClosableHop {
  const sign = createHopSigner(hopKey);
  // The sweep cuts each call at its own time, so undici's timers would only cost.
  const dispatcher = new Pool(url, { connections: BATCHES_MAX, headersTimeout: 0, bodyTimeout: 0 });
  const batches = new Set<HopBatch>();
  let waiting: PendingCall[] = [];
  let isTurnOpen = false;
  let sweeping: NodeJS.Timeout | undefined;
  let isClosed = false;

  function gather(call: PendingCall): void {
    waiting.push(call);
    sweeping ??= setTimeout(sweep, SWEEP_MS);
    if (isTurnOpen) return;
    isTurnOpen = true;
    setImmediate(() => {
      isTurnOpen = false;
      depart();
    });
  }

  function depart(): void {
    const nowMs = performance.now();
    while (waiting.length > 0 && batches.size < BATCHES_MAX) {
      const calls = waiting.splice(0, countFitting(waiting)).filter((call) => !isLate(name, call, nowMs));
      if (calls.length === 0) continue;
      const onEnd = (unsent: readonly PendingCall[]) => {
        batches.delete(batch);
        waiting.push(...unsent);
        depart();
      };
      const batch = createHopBatch({ name, sign, calls, onEnd });
      batches.add(batch);
      dispatcher.dispatch(batch.request, batch.handler);
    }
  }

  /** One timer for all calls. */
  function sweep(): void {
    const nowMs = performance.now();
    waiting = waiting.filter((call) => !isLate(name, call, nowMs));
    for (const batch of batches) batch.cut(nowMs);
    sweeping = waiting.length > 0 || batches.size > 0 ? setTimeout(sweep, SWEEP_MS) : undefined;
  }

  return {
    forward: (call) =>
      new Promise((resolve) => {
        if (isClosed) resolve({ outcome: 'unanswered', reason: 'the hop is closed', isSent: false });
        else gather({ ...timesOf(call), text: toText(call), resolve });
      }),
    async close() {
      while (waiting.length > 0 || batches.size > 0) await delay(SWEEP_MS);
      isClosed = true;
      clearTimeout(sweeping);
      await dispatcher.destroy();
    },
  };
}

function timesOf({ timeLeftMs }: HopCall): Pick<PendingCall, 'startBeforeMs' | 'cutAtMs'> {
  const startBeforeMs = performance.now() + timeLeftMs;
  return { startBeforeMs, cutAtMs: startBeforeMs + GRACE_MS };
}

function toText({ context, method, path, body }: HopCall): string {
  const { requestId, project, mode, key, scopes, epoch, operation, deadline, ifMatch, accept } = context;
  const call = {
    requestId,
    project,
    mode,
    key,
    scopes,
    epoch,
    operation,
    deadline,
    method,
    path,
    ifMatch,
    accept,
    body,
  };
  return JSON.stringify(call);
}

/** How many from the head fit in one batch; one always does. */
function countFitting(waiting: readonly PendingCall[]): number {
  let length = 0;
  const tooMany = waiting.findIndex(({ text }, index) => {
    length += text.length + 1;
    return index >= BATCH_CALLS_MAX || (index > 0 && length > BATCH_TEXT_MAX);
  });
  return tooMany < 0 ? waiting.length : tooMany;
}

/** Settles a call whose time to leave is over. */
function isLate(name: string, { startBeforeMs, resolve }: PendingCall, nowMs: number): boolean {
  if (nowMs <= startBeforeMs) return false;
  resolve({ outcome: 'unanswered', reason: `${name} could not be reached in time`, isSent: false });
  return true;
}
