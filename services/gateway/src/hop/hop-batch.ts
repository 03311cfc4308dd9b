import { StringDecoder } from 'node:string_decoder';
import { answersSchema, HOP_ANSWERS_TYPE, HOP_PATH, HOP_SIGNATURE_HEADER } from '@watchword/contracts';
import type { SignHop } from '@watchword/platform';
import type { Dispatcher } from 'undici';
import type { HopOutcome } from '../ports.ts';

/** A call that waits for its batch or for its answer. */
export interface PendingCall {
  /** The call as JSON. */
  readonly text: string;
  /** On the process' own clock, ms: it is not sent after the first, nor waited for after the second. */
  readonly startBeforeMs: number;
  readonly cutAtMs: number;
  readonly resolve: (outcome: HopOutcome) => void;
}

export interface HopBatchOptions {
  /** Of the service. */
  readonly name: string;
  readonly sign: SignHop;
  readonly calls: readonly PendingCall[];
  /** Is given the calls that were never sent and still have time. */
  readonly onEnd: (unsent: readonly PendingCall[]) => void;
}

export interface HopBatch {
  readonly request: Dispatcher.DispatchOptions;
  readonly handler: Dispatcher.DispatchHandler;
  /** Gives up the calls whose time is over, and the connection when it owes nothing more. */
  cut(nowMs: number): void;
}

/** Signs a batch for undici; each of its calls is resolved once, and `onEnd` follows when its connection is free. */
export function createHopBatch({ name, sign, calls, onEnd }: HopBatchOptions): HopBatch {
  const unanswered = new Map(calls.entries());
  let controller: Dispatcher.DispatchController | undefined;
  let isSent = false;
  const settle = (index: number, outcome: HopOutcome) => {
    unanswered.get(index)?.resolve(outcome);
    unanswered.delete(index);
  };
  const fail = (reason: string) => {
    for (const index of unanswered.keys()) settle(index, { outcome: 'unanswered', reason, isSent });
  };
  const cut = (nowMs: number) => {
    for (const [index, { cutAtMs }] of unanswered) {
      // One that has not left yet never will: its connection comes too late for it.
      if (cutAtMs <= nowMs) settle(index, { outcome: 'unanswered', reason: `${name} did not answer in time`, isSent });
    }
    if (unanswered.size === 0) controller?.abort(new Error('cut'));
  };
  const readLine = createLineReader((line) => {
    for (const { call, ...answer } of parseAnswers(line)) settle(call, { outcome: 'answered', ...answer });
  });

  const body = `[${calls.map(({ text }) => text).join(',')}]`;
  const headers = { 'content-type': 'application/json', [HOP_SIGNATURE_HEADER]: sign(body) };
  return {
    cut,
    request: { method: 'POST', path: HOP_PATH, headers, body },
    handler: {
      onRequestStart(started) {
        controller = started;
        const nowMs = performance.now();
        // A connection took long to come: those with time left go in another batch.
        isSent = calls.every(({ startBeforeMs }) => nowMs <= startBeforeMs);
        if (!isSent) started.abort(new Error('late'));
      },
      onResponseStart(started, status, { 'content-type': type }) {
        const fault = faultOf(name, status, String(type ?? ''));
        if (fault === undefined) return;
        fail(fault);
        started.abort(new Error('fault'));
      },
      onResponseData(started, chunk) {
        try {
          readLine(chunk);
        } catch {
          fail(`${name} answered what is no answer: ${variableOf(name)} may be another server`);
          started.abort(new Error('fault'));
        }
      },
      onResponseEnd() {
        fail(`${name} left the call without an answer`);
        onEnd([]);
      },
      onResponseError(_, error) {
        const nowMs = performance.now();
        const isLate = controller !== undefined && !isSent;
        const unsent = isLate ? [...unanswered].filter(([, { startBeforeMs }]) => nowMs <= startBeforeMs) : [];
        for (const [index] of unsent) unanswered.delete(index);
        const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
        fail(isLate ? `${name} could not be reached in time` : `${name} is out of reach: ${code}`);
        onEnd(unsent.map(([, call]) => call));
      },
    },
  };
}

/** A refused batch and an answer that is none are faults between the services, none of the caller's. */
function faultOf(name: string, status: number, contentType: string): string | undefined {
  if (status === 401) return `${name} refused the hop signature: HOP_KEY differs`;
  if (status === 200 && contentType.startsWith(HOP_ANSWERS_TYPE)) return undefined;
  return `${name} answered ${status}, but no calls: ${variableOf(name)} may be another server`;
}

const variableOf = (name: string) => `${name.toUpperCase()}_URL`;

const parseAnswers = (line: string) => answersSchema.parse(JSON.parse(line));

function createLineReader(onLine: (line: string) => void): (chunk: Buffer) => void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  return (chunk) => {
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  };
}
