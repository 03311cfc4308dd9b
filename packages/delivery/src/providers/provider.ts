import type { Channel, Mode, RejectionClass } from '@watchword/contracts';

/** One message to one destination: what a provider needs for one attempt. Each adapter takes of it what its wire has. */
export interface OutgoingMessage {
  readonly channel: Channel;
  /** A phone number (E.164, with its `+`), an e-mail address or a device token, as the channel has it. */
  readonly to: string;
  /** For wires that carry the code apart from a text that the provider keeps. */
  readonly code: string;
  /** As its user reads or hears it. */
  readonly text: string;
  /** Of an e-mail, and the title of a push message. */
  readonly subject: string;
  /** Of an e-mail, beside its text. */
  readonly html: string;
  /** Of the text: a BCP 47 tag. */
  readonly locale: string;
  readonly purpose: string;
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
  | {
      readonly outcome: 'transient';
      readonly providerCode: string;
      readonly retryAfterMs?: number;
      /** False: it was for reasons of ours that the provider was not called, which says nothing of it. */
      readonly wasCalled?: false;
    }
  | { readonly outcome: 'unknown'; readonly providerCode: string };

/** An account at one provider, on its wire. */
export interface ProviderAdapter {
  readonly name: string;
  /** `live` reaches carriers, `test` the sandbox. */
  readonly mode: Mode;
  /** Whether it tells later what became of a message. One that does not has said its last word when it accepts. */
  readonly givesReceipts: boolean;
  /** Never rejects: an error of the SDK holds the code and the credentials, so none leaves the adapter. */
  send(message: OutgoingMessage): Promise<AttemptResult>;
  close(): Promise<void>;
}

/** What an attempt says about its provider. A bad number says nothing: it is the destination's fault. */
export type Health = 'healthy' | 'unhealthy' | 'neutral';

export function healthOf(result: AttemptResult): Health {
  if (result.outcome === 'accepted') return 'healthy';
  if (result.outcome === 'transient' && result.wasCalled === false) return 'neutral';
  return result.outcome === 'rejected' && result.class !== 'configuration' ? 'neutral' : 'unhealthy';
}
