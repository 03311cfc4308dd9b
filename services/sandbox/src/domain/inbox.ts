import type { Arrival, InboxMessage, PostedReceipt, WholeMessage } from './message.ts';
import { createMessageQueue, type InboxBounds, type Kept } from './message-queue.ts';

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

/** Keeps the newest messages, as many as the bounds allow; each is also found by its id and its `to`. */
export function createInbox(bounds: Partial<InboxBounds> = {}): Inbox {
  const byId = new Map<string, Kept>();
  const byDestination = new Map<string, Kept[]>();
  const queue = createMessageQueue(bounds, ({ shown: { id, to } }) => {
    byId.delete(id);
    const own = byDestination.get(to);
    own?.shift();
    if (own?.length === 0) byDestination.delete(to);
  });
  const subscribers = new Set<() => void>();
  const notify = () => {
    for (const onChange of subscribers) onChange();
  };
  return {
    get size() {
      return queue.size;
    },
    add({ request, at, ...arrival }) {
      const { id, to } = arrival;
      const kept: Kept = { shown: { ...arrival, receipts: [], at: new Date(at).toISOString() }, request };
      byId.set(id, kept);
      const own = byDestination.get(to);
      if (own) own.push(kept);
      else byDestination.set(to, [kept]);
      queue.push(kept);
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
      const found = to === undefined ? queue.newest(limit) : (byDestination.get(to) ?? []).slice(-limit);
      return found.toReversed().map(({ shown }) => shown);
    },
    clear() {
      queue.clear();
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
