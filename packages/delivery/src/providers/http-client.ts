import type { LookupFunction } from 'node:net';
import { type Dispatcher, Pool } from 'undici';
import type { AttemptResult } from './provider.ts';
import { PRIVATE_ADDRESS } from './public-address.ts';
import { parseRetryAfterMs, resultOf, transportCodeOf } from './verdict.ts';

export interface HttpCall {
  readonly method: 'GET' | 'POST';
  /** Path and query, below the base URL. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Ends the wait; a request that was written may still be carried out. */
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly kind: 'answered';
  readonly statusCode: number;
  readonly retryAfterMs: number | undefined;
  /** Empty when it was larger than `answerBytesMax`; cut when the connection ended within it. */
  readonly text: string;
}

/** No status came. `code` is the system's, undici's or `timeout`; never text. */
export interface HttpFailure {
  readonly kind: 'failed';
  readonly code: string;
  /** From then on the provider may have the message. */
  readonly isWritten: boolean;
}

export type HttpExchange = HttpAnswer | HttpFailure;

export interface HttpClient {
  /** Never rejects: a transport's error may quote the request. */
  exchange(call: HttpCall): Promise<HttpExchange>;
  close(): Promise<void>;
}

export interface HttpClientOptions {
  /** `http(s)://host[:port][/path]`. */
  readonly baseUrl: string;
  readonly answerBytesMax?: number;
  readonly connectTimeoutMs?: number;
  /** Instead of the system's: `lookupPublic` refuses what a tenant must not reach. */
  readonly lookup?: LookupFunction;
}

const CONNECT_TIMEOUT_MS = 3_000;
const ANSWER_BYTES_MAX = 65_536;

/**
 * Calls one provider's API as one account: kept-alive connections, no second try of its own, no redirects followed, and the
 * difference between a request that was never written and one that may have been read.
 */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const { answerBytesMax = ANSWER_BYTES_MAX, connectTimeoutMs = CONNECT_TIMEOUT_MS, lookup } = options;
  const { origin, pathname } = new URL(options.baseUrl);
  const prefix = pathname.replace(/\/+$/, '');
  const pool = new Pool(origin, { connect: { timeout: connectTimeoutMs, allowH2: false, ...(lookup && { lookup }) } });
  return {
    exchange: (call) => exchange(pool, { ...call, path: prefix + call.path }, answerBytesMax),
    // No call runs any more; one given up before it was written must not hold the end.
    close: () => pool.destroy(),
  };
}

function exchange(pool: Pool, call: HttpCall, answerBytesMax: number): Promise<HttpExchange> {
  const { signal, method, path, headers, body } = call;
  return new Promise((resolve) => {
    let isWritten = false;
    let abortRequest: ((reason: Error) => void) | undefined;
    let status: Pick<HttpAnswer, 'statusCode' | 'retryAfterMs'> | undefined;
    let bytes = 0;
    const chunks: Buffer[] = [];
    const settle = (outcome: HttpExchange) => {
      signal.removeEventListener('abort', onAbort);
      resolve(outcome);
    };
    const fail = (error: unknown) => settle({ kind: 'failed', code: transportCodeOf(error, signal), isWritten });
    const onAbort = () => {
      abortRequest?.(new Error('No answer in time'));
      fail(signal.reason);
    };
    if (signal.aborted) return fail(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    const answered = (text: string) => {
      if (status !== undefined) settle({ kind: 'answered', ...status, text });
    };
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(controller) {
        abortRequest = (reason) => controller.abort(reason);
        // The signal fired while the connection was made: undici then writes nothing.
        if (signal.aborted) abortRequest(new Error('No answer in time'));
        else isWritten = true;
      },
      onResponseStart(_, statusCode, answerHeaders) {
        // An interim answer (RFC 9110 15.2) says nothing of the request, should no other come.
        if (statusCode < 200) return;
        const retryAfterMs = parseRetryAfterMs(String(answerHeaders['retry-after'] ?? ''), Date.now());
        status = { statusCode, retryAfterMs };
      },
      onResponseData(controller, chunk) {
        bytes += chunk.length;
        if (bytes <= answerBytesMax) chunks.push(chunk);
        else controller.abort(new Error('Answer too large'));
      },
      onResponseEnd: () => answered(Buffer.concat(chunks).toString('utf8')),
      onResponseError(_, error) {
        // The status is the provider's word, though its text was cut off.
        if (status !== undefined && !signal.aborted)
          answered(bytes > answerBytesMax ? '' : Buffer.concat(chunks).toString('utf8'));
        else fail(error);
      },
    };
    pool.dispatch({ method, path, headers, body: body ?? null }, handler);
  });
}

/** Where no status came: what was not written cannot have been sent, and of what was nobody knows, whatever the code says. */
export function judgeFailure({ code, isWritten }: HttpFailure): AttemptResult {
  if (code === PRIVATE_ADDRESS) return { outcome: 'rejected', class: 'configuration', providerCode: 'private_address' };
  return resultOf(isWritten ? 'unknown' : 'transient', code);
}
