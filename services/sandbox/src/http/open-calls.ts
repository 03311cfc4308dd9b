import type { FastifyReply } from 'fastify';

/** At once; those of callers who left long ago count too. */
const CALLS_MAX = 10_000;

/** Calls that are kept without an answer for now: delayed, hanging, waiting for a message, or streaming. */
export interface OpenCalls {
  /** Registers how a call ends when the sandbox closes; returns its deregistration. One too many ends at once. */
  add(end: () => void): () => void;
  /** Ends all; later ones end at once. */
  endAll(): void;
}

export function createOpenCalls({ callsMax = CALLS_MAX } = {}): OpenCalls {
  const ends = new Set<() => void>();
  let isClosed = false;
  return {
    add(end) {
      if (isClosed || ends.size >= callsMax) end();
      else ends.add(end);
      return () => ends.delete(end);
    },
    endAll() {
      isClosed = true;
      for (const end of ends) end();
      ends.clear();
    },
  };
}

/** Resolves after `delayMs`, whether or not the caller is still there, as a carrier's work goes on; earlier only as the call is ended. */
export function delayCall(calls: OpenCalls, delayMs: number): Promise<void> {
  if (delayMs === 0) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, delayMs);
  const remove = calls.add(resolve);
  return promise.finally(() => {
    clearTimeout(timer);
    remove();
  });
}

/** Never answers; the connection ends when the caller gives up or the call is ended. */
export function leaveUnanswered(calls: OpenCalls, reply: FastifyReply): FastifyReply {
  const socket = reply.raw.socket;
  reply.hijack();
  const remove = calls.add(() => socket?.destroy());
  socket?.once('close', remove);
  return reply;
}

/** Ends the connection with a TCP reset, so that the caller learns nothing of what became of its request. */
export function cutConnection(reply: FastifyReply): FastifyReply {
  reply.hijack();
  reply.raw.socket?.resetAndDestroy();
  return reply;
}
