import { HOP_HEADERS } from '@watchword/contracts';
import { createHopSigner, type HopContext, type Secret } from '@watchword/platform';
import { type Dispatcher, Pool } from 'undici';
import type { HopCall, HopOutcome, OtpHop } from '../ports.ts';

const CONNECTIONS_MAX = 128;
/** otp judges by the deadline; the gateway waits this much longer for its word. */
const GRACE_MS = 50;
const PASSED_CONTENT_TYPES = /^application\/(problem\+)?json\b/;

export interface OtpHopOptions {
  readonly url: string;
  readonly hopKey: Secret<Buffer>;
}

export interface ClosableOtpHop extends OtpHop {
  close(): Promise<void>;
}

/** Signs each call and sends it over a bounded pool of kept-alive connections. Nothing is repeated: otp may have acted on a lost call. */
export function createOtpHop({ url, hopKey }: OtpHopOptions): ClosableOtpHop {
  const signHop = createHopSigner(hopKey);
  // Each call carries its own cut, so undici's timers would only cost.
  const pool = new Pool(url, { connections: CONNECTIONS_MAX, headersTimeout: 0, bodyTimeout: 0 });
  return {
    forward: (call) =>
      new Promise((resolve) => {
        const signature = signHop(call.method, call.path, call.context, call.body);
        const headers = { ...contextHeaders(call.context), [HOP_HEADERS.signature]: signature };
        pool.dispatch(
          {
            method: call.method,
            path: call.path,
            headers: call.method === 'POST' ? { ...headers, 'content-type': 'application/json' } : headers,
            body: call.body === '' ? null : call.body,
          },
          collectAnswer(call, resolve),
        );
      }),
    close: () => pool.destroy(),
  };
}

function contextHeaders({ requestId, project, mode, operation, deadline }: HopContext): Record<string, string> {
  return {
    [HOP_HEADERS.requestId]: requestId,
    [HOP_HEADERS.project]: project,
    [HOP_HEADERS.mode]: mode,
    [HOP_HEADERS.operation]: operation,
    [HOP_HEADERS.deadline]: String(deadline),
  };
}

/** Settles once: with the whole answer, with the failure, or when the call is cut, also while it still waits for a connection. */
function collectAnswer({ timeLeftMs }: HopCall, resolve: (outcome: HopOutcome) => void): Dispatcher.DispatchHandler {
  const startBeforeMs = performance.now() + timeLeftMs;
  let controller: Dispatcher.DispatchController | undefined;
  let isSettled = false;
  let status = 0;
  let contentType = '';
  let retryAfter: string | undefined;
  const chunks: Buffer[] = [];
  const settle = (outcome: HopOutcome) => {
    if (isSettled) return;
    isSettled = true;
    clearTimeout(cut);
    resolve(outcome);
  };
  const cut = setTimeout(() => {
    settle({ outcome: 'unanswered', reason: 'otp did not answer in time' });
    controller?.abort(new Error('cut'));
  }, timeLeftMs + GRACE_MS);
  return {
    onRequestStart(started) {
      controller = started;
      if (performance.now() > startBeforeMs) started.abort(new Error('cut'));
    },
    onResponseStart(_, statusCode, headers) {
      status = statusCode;
      contentType = String(headers['content-type'] ?? '');
      retryAfter = headers['retry-after']?.toString();
    },
    onResponseData(_, chunk) {
      chunks.push(chunk);
    },
    onResponseEnd() {
      settle(judgeAnswer(status, contentType, retryAfter, Buffer.concat(chunks)));
    },
    onResponseError(_, error) {
      const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
      settle({ outcome: 'unanswered', reason: `otp is out of reach: ${code}` });
    },
  };
}

/** A refused signature and an answer that is no JSON are faults between the services, none of the caller's. */
function judgeAnswer(status: number, contentType: string, retryAfter: string | undefined, body: Buffer): HopOutcome {
  if (status === 401) return { outcome: 'unanswered', reason: 'otp refused the hop signature: HOP_KEY differs' };
  if (!PASSED_CONTENT_TYPES.test(contentType)) {
    return { outcome: 'unanswered', reason: `otp answered ${status} without JSON: OTP_URL may be another server` };
  }
  return { outcome: 'answered', status, contentType, body, ...(retryAfter === undefined ? {} : { retryAfter }) };
}
