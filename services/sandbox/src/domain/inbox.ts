import type { Channel } from '@watchword/contracts';
import type { Provider } from './provider.ts';

const MESSAGES_MAX = 50_000;
/** Of the newest messages, how many are kept whole; older ones without their request and markup. */
const WHOLE_MAX = 2_000;

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

export interface ListMessagesInput {
  /** As `normaliseDestination` writes it. */
  readonly to?: string | undefined;
  readonly limit: number;
}

export interface Inbox {
  readonly size: number;
  add(arrival: Arrival): void;
  /** Does nothing for a message that is gone. */
  addReceipt(id: string, receipt: PostedReceipt): void;
  find(id: string): WholeMessage | undefined;
  /** Newest first. */
  list(input: ListMessagesInput): InboxMessage[];
  clear(): void;
  /** Calls back after every change; returns the end of it. */
  subscribe(onChange: () => void): () => void;
}

interface Kept {
  shown: InboxMessage;
  request: RawRequest | null;
}

/** Keeps the newest messages in a ring, so that a load test cannot fill the memory; each is also found by its `to`. */
export function createInbox({ messagesMax = MESSAGES_MAX, wholeMax = WHOLE_MAX } = {}): Inbox {
  let ring: Kept[] = [];
  /** Where the next message goes once the ring is full, which is also where the oldest is. */
  let oldest = 0;
  const byId = new Map<string, Kept>();
  const byDestination = new Map<string, Kept[]>();
  const subscribers = new Set<() => void>();
  const notify = () => {
    for (const onChange of subscribers) onChange();
  };

  function forget({ shown: { id, to } }: Kept): void {
    byId.delete(id);
    const own = byDestination.get(to);
    own?.shift();
    if (own?.length === 0) byDestination.delete(to);
  }

  /** `age` 0 is the newest. */
  const newestAt = (age: number): Kept | undefined => ring[(oldest - 1 - age + 2 * ring.length) % ring.length];

  function lighten(kept: Kept): void {
    kept.request = null;
    if (kept.shown.html !== null) kept.shown = { ...kept.shown, html: null };
  }

  return {
    get size() {
      return ring.length;
    },
    add({ request, at, ...arrival }) {
      const kept: Kept = { shown: { ...arrival, receipts: [], at: new Date(at).toISOString() }, request };
      const replaced = ring.length === messagesMax ? ring[oldest] : undefined;
      if (replaced) {
        forget(replaced);
        ring[oldest] = kept;
        oldest = (oldest + 1) % messagesMax;
      } else ring.push(kept);
      byId.set(arrival.id, kept);
      const own = byDestination.get(arrival.to);
      if (own) own.push(kept);
      else byDestination.set(arrival.to, [kept]);
      const grown = ring.length > wholeMax ? newestAt(wholeMax) : undefined;
      if (grown) lighten(grown);
      notify();
    },
    addReceipt(id, receipt) {
      const kept = byId.get(id);
      if (kept === undefined) return;
      kept.shown = { ...kept.shown, receipts: [...kept.shown.receipts, receipt] };
      notify();
    },
    find(id) {
      const kept = byId.get(id);
      return kept && { ...kept.shown, request: kept.request };
    },
    list({ to, limit }) {
      const found =
        to === undefined
          ? Array.from({ length: Math.min(limit, ring.length) }, (_, age) => newestAt(age))
          : (byDestination.get(to) ?? []).slice(-limit).toReversed();
      return found.flatMap((kept) => (kept === undefined ? [] : [kept.shown]));
    },
    clear() {
      ring = [];
      oldest = 0;
      byId.clear();
      byDestination.clear();
      notify();
    },
    subscribe(onChange) {
      subscribers.add(onChange);
      return () => subscribers.delete(onChange);
    },
  };
}
