import type { Channel } from '@watchword/contracts';
import type { Provider } from './provider.ts';

/** What one receipt said, in the provider's words, and how its receiver answered: an HTTP status, or null when it did not. */
export interface PostedReceipt {
  readonly status: string;
  readonly at: string;
  readonly answered: number | null;
}

/** The call that brought a message, as it arrived, with credentials masked. */
export interface RawRequest {
  /** `POST /path`, or an SMTP envelope. */
  readonly line: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What arrived, as `GET /api/messages` shows it. `at` is RFC 3339 in UTC. */
export interface InboxMessage {
  readonly id: string;
  readonly channel: Channel;
  readonly provider: Provider;
  /** A phone number in E.164 with its plus, an e-mail address, or a device token. */
  readonly to: string;
  /** Of an e-mail, and the title of a push message. */
  readonly subject: string | null;
  readonly text: string;
  readonly html: string | null;
  readonly code: string | null;
  /** How many SMS the text takes. */
  readonly segments: number | null;
  readonly receipts: readonly PostedReceipt[];
  readonly at: string;
}

export interface WholeMessage extends InboxMessage {
  /** Null once many newer messages have come. */
  readonly request: RawRequest | null;
}

export interface Arrival extends Omit<InboxMessage, 'receipts' | 'at'> {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly request: RawRequest;
}
