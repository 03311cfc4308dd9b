import type { InboxMessage, RawRequest } from './message.ts';

/** Of the memory: a load test, or a stranger, must not fill it. A character takes one byte or two. */
export interface InboxBounds {
  readonly messagesMax: number;
  /** Of all messages, without requests and markup. */
  readonly charactersMax: number;
  /** Of the newest messages, how many are kept whole; older ones without their request and markup. */
  readonly wholeMax: number;
  /** Of the requests and the markup of those. */
  readonly wholeCharactersMax: number;
}

const BOUNDS: InboxBounds = {
  messagesMax: 50_000,
  charactersMax: 32 * 1024 * 1024,
  wholeMax: 2_000,
  wholeCharactersMax: 32 * 1024 * 1024,
};

export interface Kept {
  shown: InboxMessage;
  request: RawRequest | null;
}

export interface MessageQueue {
  readonly size: number;
  push(kept: Kept): void;
  /** The oldest of them first. */
  newest(limit: number): Kept[];
  clear(): void;
}

interface Weighed {
  readonly kept: Kept;
  /** Characters, without and of request and markup. */
  readonly size: number;
  readonly wholeSize: number;
}

/** The newest messages within the bounds, and the newest one always. `onForget` is told of each that goes. */
export function createMessageQueue(given: Partial<InboxBounds>, onForget: (kept: Kept) => void): MessageQueue {
  const { messagesMax, charactersMax, wholeMax, wholeCharactersMax } = { ...BOUNDS, ...given };
  /** The oldest first. What stands before `oldest` is gone, and from `oldestWhole` on all are whole. */
  let queue: (Weighed | undefined)[] = [];
  let oldest = 0;
  let oldestWhole = 0;
  let characters = 0;
  let wholeCharacters = 0;

  function lightenOldest(): void {
    const weighed = queue[oldestWhole];
    oldestWhole += 1;
    if (weighed === undefined) return;
    wholeCharacters -= weighed.wholeSize;
    weighed.kept.request = null;
    weighed.kept.shown = { ...weighed.kept.shown, html: null };
  }

  function forgetOldest(): void {
    if (oldestWhole === oldest) lightenOldest();
    const weighed = queue[oldest];
    queue[oldest] = undefined;
    oldest += 1;
    if (weighed === undefined) return;
    characters -= weighed.size;
    onForget(weighed.kept);
  }

  return {
    get size() {
      return queue.length - oldest;
    },
    push(kept) {
      const weighed = weigh(kept);
      queue.push(weighed);
      characters += weighed.size;
      wholeCharacters += weighed.wholeSize;
      const newest = queue.length - 1;
      while (oldest < newest && (queue.length - oldest > messagesMax || characters > charactersMax)) forgetOldest();
      while (oldestWhole < newest && (queue.length - oldestWhole > wholeMax || wholeCharacters > wholeCharactersMax)) {
        lightenOldest();
      }
      if (oldest <= messagesMax) return;
      // Seldom, so that a message costs the same however many there are.
      queue = queue.slice(oldest);
      oldestWhole -= oldest;
      oldest = 0;
    },
    newest: (limit) => queue.slice(Math.max(oldest, queue.length - limit)).flatMap((weighed) => weighed?.kept ?? []),
    clear() {
      queue = [];
      [oldest, oldestWhole, characters, wholeCharacters] = [0, 0, 0, 0];
    },
  };
}

function weigh(kept: Kept): Weighed {
  const { shown, request } = kept;
  const { id, to, subject, text, html } = shown;
  const { line = '', body = '', headers = {} } = request ?? {};
  return {
    kept,
    size: countCharacters(id, to, subject, text),
    wholeSize: countCharacters(html, line, body, ...Object.entries(headers).flat()),
  };
}

const countCharacters = (...parts: readonly (string | null)[]) =>
  parts.reduce((sum, part) => sum + (part?.length ?? 0), 0);
