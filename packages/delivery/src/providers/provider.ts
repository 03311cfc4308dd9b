import type { Mode, RejectionClass } from '@watchword/contracts';

/** One message to one destination: what a provider needs for one attempt. */
export interface SmsMessage {
  /** E.164, with its `+`. */
  readonly to: string;
  readonly text: string;
  /** At most 40 characters; goes along as the client reference where the provider has such a field. */
  readonly attemptId: string;
  /** After that the message is worth nothing: the provider should drop it. */
  readonly validitySeconds: number;
  /** Ends the wait for an answer. A message already written may still arrive. */
  readonly signal: AbortSignal;
}

/**
 * What a provider did with one attempt. `transient` and `rejected` promise that nothing was sent; `unknown` does not:
 * the request was written and no answer that can be trusted came back. `providerCode` is the provider's own error code,
 * else a transport code such as `ECONNREFUSED`, `http_503` or `timeout`; never text.
 */
export type AttemptResult =
  | { readonly outcome: 'accepted'; readonly providerMessageId: string; readonly segments?: number }
  | { readonly outcome: 'rejected'; readonly class: RejectionClass; readonly providerCode: string }
  | { readonly outcome: 'transient'; readonly providerCode: string; readonly retryAfterMs?: number }
  | { readonly outcome: 'unknown'; readonly providerCode: string };

/** An account at one provider. */
export interface SmsProvider {
  readonly name: string;
  /** `live` reaches carriers, `test` the sandbox. */
  readonly mode: Mode;
  /** Never rejects: an error of the SDK holds the code and the credentials, so none leaves the adapter. */
  send(message: SmsMessage): Promise<AttemptResult>;
  close(): Promise<void>;
}

/** What an attempt says about its provider. A bad number says nothing: it is the destination's fault. */
export type Health = 'healthy' | 'unhealthy' | 'neutral';

export function healthOf(result: AttemptResult): Health {
  if (result.outcome === 'accepted') return 'healthy';
  return result.outcome === 'rejected' && result.class !== 'configuration' ? 'neutral' : 'unhealthy';
}
