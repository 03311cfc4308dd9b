import { createHttpClient, type HttpExchange } from '../http-client.ts';
import type { TwilioConfig } from './config.ts';

/** What the SDK hands to its client; only what sending uses. */
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

/** One call: the SDK's client, and what the SDK does not tell about the exchange, such as `Retry-After`. */
export interface TwilioCall {
  readonly accountSid: string;
  request(options: SdkRequest): Promise<SdkResponse>;
  /** Undefined until it has ended. */
  exchange: HttpExchange | undefined;
}

export interface TwilioTransport {
  call(signal: AbortSignal): TwilioCall;
  close(): Promise<void>;
}

/** Stands in for the SDK's HTTP client, which does not tell a request that was never written from one that may have been read. */
export function createTwilioTransport({ baseUrl, accountSid, login }: TwilioConfig): TwilioTransport {
  const http = createHttpClient({ baseUrl: new URL(baseUrl).origin });
  const authorization = `Basic ${Buffer.from(`${login.user}:${login.password.reveal()}`).toString('base64')}`;
  return {
    call(signal) {
      const call: TwilioCall = {
        accountSid,
        exchange: undefined,
        async request({ uri, data, headers }) {
          const { pathname, search } = new URL(uri);
          call.exchange = await http.exchange({
            method: 'POST',
            path: pathname + search,
            headers: { ...headers, accept: 'application/json', authorization },
            body: encodeForm(data ?? {}),
            signal,
          });
          if (call.exchange.kind === 'failed') throw new Error(call.exchange.code);
          return { statusCode: call.exchange.statusCode, body: call.exchange.text };
        },
      };
      return call;
    },
    close: http.close,
  };
}

/** A list is a field for each of its values. */
function encodeForm(data: Readonly<Record<string, unknown>>): string {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(data)) {
    for (const one of [value].flat()) form.append(name, String(one));
  }
  return form.toString();
}
