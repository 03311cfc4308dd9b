import { findCode } from './code.ts';
import type { Provider } from './provider.ts';

const MESSAGES_MAX = 50_000;

/** What arrived, as `GET /api/messages` shows it. `to` is E.164 with its plus, `at` RFC 3339 in UTC. */
export interface InboxMessage {
  readonly id: string;
  readonly channel: 'sms';
  readonly provider: Provider;
  readonly to: string;
  readonly text: string;
  readonly code: string | null;
  readonly at: string;
}

export interface Arrival {
  readonly id: string;
  readonly provider: Provider;
  readonly to: string;
  readonly text: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface ListMessagesInput {
  readonly to?: string | undefined;
  readonly limit: number;
}

export interface Inbox {
  readonly size: number;
  add(arrival: Arrival): InboxMessage;
  /** Newest first. */
  list(input: ListMessagesInput): InboxMessage[];
  clear(): void;
  /** Calls back after every change; returns the end of it. */
  subscribe(onChange: () => void): () => void;
}

/** Keeps the newest messages in a ring, so that a load test cannot fill the memory; each is also found by its `to`. */
export function createInbox(messagesMax = MESSAGES_MAX): Inbox {
  let ring: InboxMessage[] = [];
  /** Where the next message goes once the ring is full, which is also where the oldest is. */
  let oldest = 0;
  const byDestination = new Map<string, InboxMessage[]>();
  const subscribers = new Set<() => void>();
  const notify = () => {
    for (const onChange of subscribers) onChange();
  };

  function forgetOldestOf(to: string): void {
    const own = byDestination.get(to);
    own?.shift();
    if (own?.length === 0) byDestination.delete(to);
  }

  function newestAt(age: number): InboxMessage | undefined {
    return ring[(oldest - 1 - age + 2 * ring.length) % ring.length];
  }

  return {
    get size() {
      return ring.length;
    },
    add({ at, ...arrival }) {
      const message: InboxMessage = {
        id: arrival.id,
        channel: 'sms',
        provider: arrival.provider,
        to: arrival.to,
        text: arrival.text,
        code: findCode(arrival.text),
        at: new Date(at).toISOString(),
      };
      const replaced = ring.length === messagesMax ? ring[oldest] : undefined;
      if (replaced) {
        forgetOldestOf(replaced.to);
        ring[oldest] = message;
        oldest = (oldest + 1) % messagesMax;
      } else ring.push(message);
      const own = byDestination.get(message.to);
      if (own) own.push(message);
      else byDestination.set(message.to, [message]);
      notify();
      return message;
    },
    list({ to, limit }) {
      if (to !== undefined) return (byDestination.get(to) ?? []).slice(-limit).toReversed();
      return Array.from({ length: Math.min(limit, ring.length) }, (_, age) => newestAt(age)).filter(
        (message) => message !== undefined,
      );
    },
    clear() {
      ring = [];
      oldest = 0;
      byDestination.clear();
      notify();
    },
    subscribe(onChange) {
      subscribers.add(onChange);
      return () => subscribers.delete(onChange);
    },
  };
}
