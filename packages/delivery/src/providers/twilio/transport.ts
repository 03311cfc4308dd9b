import { type Dispatcher, Pool } from 'undici';
import { parseRetryAfterMs } from '../verdict.ts';
import type { TwilioConfig } from './config.ts';

/** What the SDK hands to its client; only what sending a message uses. */
interface SdkRequest {
  readonly method: string;
  readonly uri: string;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

interface SdkResponse {
  readonly statusCode: number;
  readonly body: string;
}

/** One call: the SDK's client, and what the SDK does not tell about the exchange. */
export interface TwilioCall {
  readonly accountSid: string;
  request(options: SdkRequest): Promise<SdkResponse>;
  /** From then on Twilio may have the message. */
  written: boolean;
  statusCode: number | undefined;
  retryAfterMs: number | undefined;
}

export interface TwilioTransport {
  call(signal: AbortSignal): TwilioCall;
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 3_000;
const ANSWER_BYTES_MAX = 65_536;

/**
 * Stands in for the SDK's HTTP client: kept-alive connections, no second try of its own, the `Retry-After` that the SDK
 * drops, and the difference between a request that was never written and one that may have been read.
 */
export function createTwilioTransport({ baseUrl, accountSid, authToken }: TwilioConfig): TwilioTransport {
  const pool = new Pool(new URL(baseUrl).origin, { connectTimeout: CONNECT_TIMEOUT_MS, allowH2: false });
  const authorization = `Basic ${Buffer.from(`${accountSid}:${authToken.reveal()}`).toString('base64')}`;
  return {
    call(signal) {
      const call: TwilioCall = {
        accountSid,
        written: false,
        statusCode: undefined,
        retryAfterMs: undefined,
        request({ method, uri, data, headers }) {
          const { pathname, search } = new URL(uri);
          const options: Dispatcher.DispatchOptions = {
            path: pathname + search,
            method: method.toUpperCase(),
            headers: { ...headers, accept: 'application/json', authorization },
            body: encodeForm(data ?? {}),
          };
          return exchange(pool, options, signal, call);
        },
      };
      return call;
    },
    // No call runs any more; one given up before it was written must not hold the end.
    close: () => pool.destroy(),
  };
}

function encodeForm(data: Readonly<Record<string, unknown>>): string {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(data)) form.append(name, String(value));
  return form.toString();
}

/** One request and its whole answer. Rejects with the transport's error, or the signal's reason. */
function exchange(
  pool: Pool,
  options: Dispatcher.DispatchOptions,
  signal: AbortSignal,
  call: TwilioCall,
): Promise<SdkResponse> {
  return new Promise((resolve, reject) => {
    let abortRequest: (() => void) | undefined;
    const onAbort = () => {
      abortRequest?.();
      reject(signal.reason);
    };
    const settled = () => signal.removeEventListener('abort', onAbort);
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    const chunks: Buffer[] = [];
    let bytes = 0;
    pool.dispatch(options, {
      onRequestStart(controller) {
        abortRequest = () => controller.abort(new Error('No answer in time'));
        // The signal fired while the connection was made: undici then writes nothing.
        if (signal.aborted) abortRequest();
        else call.written = true;
      },
      onResponseStart(_, statusCode, headers) {
        call.statusCode = statusCode;
        call.retryAfterMs = parseRetryAfterMs(String(headers['retry-after'] ?? ''), Date.now());
      },
      onResponseData(controller, chunk) {
        bytes += chunk.length;
        chunks.push(chunk);
        if (bytes > ANSWER_BYTES_MAX) controller.abort(new Error('Answer too large'));
      },
      onResponseEnd() {
        settled();
        resolve({ statusCode: call.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') });
      },
      onResponseError(_, error) {
        settled();
        reject(error);
      },
    });
  });
}
