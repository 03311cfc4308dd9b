import { isRedisUnavailable } from '@watchword/platform';
import { afterDisconnect } from './disconnects.ts';
import type { SocketLease } from './lease.ts';
import type { OpenSocket, Session, WhatsAppSocket } from './socket.ts';

/**
 * Where an account's connection stands:
 *
 *   idle        Nobody has asked for it, or another worker holds its lease.
 *   connecting  Under way; what is to be sent waits for it.
 *   pairing     WhatsApp shows a QR code: the session is of no phone yet.
 *   open        Sends.
 *   waiting     Was cut off, and connects again after a pause that grows to a minute.
 *   stopped     WhatsApp said no for good: somebody must pair it anew, or close the other connection.
 */
type LineState =
  | { readonly is: 'idle' | 'connecting' | 'pairing' | 'waiting' }
  | { readonly is: 'open'; readonly socket: WhatsAppSocket }
  | { readonly is: 'stopped'; readonly code: string };

export interface LineDeps {
  readonly reference: string;
  readonly session: Session;
  readonly lease: SocketLease;
  readonly openSocket: OpenSocket;
  /** Null: there is nothing to scan any more. */
  readonly onQr: (qr: string | null) => void;
  readonly onAck: (messageId: string, ack: number) => void;
  /** Told of each move; `reason` is WhatsApp's code, or `session_unusable`. */
  readonly onState: (state: LineState['is'], reason?: string) => void;
  /** The first pause before another connection. */
  readonly pauseMs?: number;
}

/** Why a line cannot send now. Only `stopped` and `pairing` need a person. */
export type LineDown =
  | { readonly is: 'owned_elsewhere' | 'disconnected' | 'pairing' }
  | { readonly is: 'stopped'; readonly code: string };

export type Line = ReturnType<typeof createLine>;

const PAUSE_MS = 1_000;
const PAUSE_MS_MAX = 60_000;
/** WhatsApp answers at once or not at all; the session is forgotten either way. */
const LOG_OUT_MS = 3_000;
/** Of a lease's length: the rest is for the connection to end in. */
const RELIED_ON = 5 / 6;

/**
 * The one connection of an account, in the worker that holds its lease. The lease is asked for again at each third of its length.
 * When nobody has said for long enough that it is still ours, the connection goes before another worker could open one: the
 * question may wait for as long as Redis is away.
 */
export function createLine(deps: LineDeps) {
  const { reference, session, lease, openSocket, onQr, onAck, onState, pauseMs = PAUSE_MS } = deps;
  let state: LineState = { is: 'idle' };
  /** Each connection has a number: what an older one still says is not heard. */
  let connection = 0;
  /** The last one whose session was thrown away: what it still writes is not kept. */
  let forgotten = 0;
  let socket: WhatsAppSocket | undefined;
  let failures = 0;
  let heldUntil = 0;
  let reconnecting: NodeJS.Timeout | undefined;
  let holding: NodeJS.Timeout | undefined;
  let lapsing: NodeJS.Timeout | undefined;
  let isClosed = false;
  const waiters = new Set<() => void>();

  function moveTo(next: LineState, reason?: string): void {
    if (state.is === 'pairing' && next.is !== 'pairing') onQr(null);
    state = next;
    onState(next.is, reason);
    for (const wake of waiters) wake();
  }

  function dropSocket(): void {
    connection += 1;
    clearTimeout(reconnecting);
    socket?.end();
    socket = undefined;
  }

  /** The lease began at some time since it was asked for. False: it came too late to be of use. */
  function keep(askedAt: number): boolean {
    const now = Date.now();
    const lapsesAt = askedAt + lease.leaseMs * RELIED_ON;
    if (now >= lapsesAt) return false;
    heldUntil = lapsesAt;
    clearTimeout(lapsing);
    lapsing = setTimeout(letGo, lapsesAt - now);
    holding ??= setInterval(() => void hold(), lease.leaseMs / 3);
    return true;
  }

  async function hold(): Promise<void> {
    const askedAt = Date.now();
    try {
      const isOurs = await lease.take(reference);
      // It may have lapsed, or the line been closed, while the answer was under way.
      if (holding === undefined) return;
      if (!isOurs || !keep(askedAt)) letGo();
    } catch {
      // Not known: it is ours until it lapses.
    }
  }

  function unhold(): void {
    clearInterval(holding);
    clearTimeout(lapsing);
    holding = undefined;
    dropSocket();
  }

  function letGo(): void {
    unhold();
    if (state.is !== 'stopped') moveTo({ is: 'idle' });
  }

  const sessionFor = (mine: number): Session => ({
    ...session,
    write: async (entries) => {
      if (mine > forgotten) await session.write(entries);
    },
  });

  function forgetSession(): Promise<void> {
    forgotten = connection;
    return session.clear();
  }

  async function open(): Promise<void> {
    dropSocket();
    const mine = connection;
    const isCurrent = () => mine === connection;
    let isOpen = false;
    moveTo({ is: 'connecting' });
    try {
      const made = await openSocket(sessionFor(mine), {
        onQr: (qr) => {
          if (!isCurrent()) return;
          if (state.is !== 'pairing') moveTo({ is: 'pairing' });
          onQr(qr);
        },
        onOpen: () => {
          isOpen = true;
          if (isCurrent() && socket !== undefined) opened(socket);
        },
        onClose: (code) => {
          if (isCurrent()) closed(code);
        },
        onAck,
      });
      if (!isCurrent()) return made.end();
      socket = made;
      if (isOpen) opened(made);
    } catch (error) {
      if (!isCurrent()) return;
      if (isRedisUnavailable(error)) reopenLater();
      // Its session cannot be read, or Baileys cannot start: its error may quote either.
      else stop('session_unusable');
    }
  }

  function opened(by: WhatsAppSocket): void {
    failures = 0;
    moveTo({ is: 'open', socket: by });
  }

  function closed(code: number): void {
    const wasPairing = state.is === 'pairing';
    dropSocket();
    const after = afterDisconnect(code);
    // Nobody has scanned: it shows codes again when somebody asks for them.
    if (wasPairing && after === 'reconnect') return moveTo({ is: 'idle' }, String(code));
    if (after === 'stop') return stop(String(code));
    if (after === 'pair_again') {
      stop(String(code));
      // Should it stay, the next connection is refused with the same code, and clears it then.
      void forgetSession().catch(() => undefined);
      return;
    }
    // At once, but not for ever.
    if (after === 'reconnect_now' && failures === 0) {
      failures += 1;
      void open();
      return;
    }
    reopenLater(String(code));
  }

  function reopenLater(reason?: string): void {
    moveTo({ is: 'waiting' }, reason);
    const delayMs = Math.min(pauseMs * 2 ** failures, PAUSE_MS_MAX);
    failures += 1;
    reconnecting = setTimeout(() => void open(), delayMs);
  }

  function stop(reason: string): void {
    moveTo({ is: 'stopped', code: reason }, reason);
  }

  async function ensureHeld(): Promise<boolean> {
    if (isClosed) return false;
    if (holding !== undefined && Date.now() < heldUntil) return true;
    const askedAt = Date.now();
    return (await lease.take(reference)) && !isClosed && keep(askedAt);
  }

  return {
    /** Connects if nothing does; a stopped line begins anew, which may show a QR code. False: another worker has it. */
    async connect(): Promise<boolean> {
      if (!(await ensureHeld())) return false;
      if (state.is === 'idle' || state.is === 'stopped') void open();
      return true;
    },

    /** The socket when the line is open, at the latest when the signal fires. Rejects when Redis cannot be asked. */
    async ready(signal: AbortSignal): Promise<WhatsAppSocket | LineDown> {
      if (!(await ensureHeld())) return { is: 'owned_elsewhere' };
      if (state.is === 'idle') void open();
      while (state.is === 'connecting' && !signal.aborted) await nextMove(waiters, signal);
      const now: LineState = state;
      if (now.is === 'open') return now.socket;
      if (now.is === 'stopped') return now;
      return { is: now.is === 'pairing' ? 'pairing' : 'disconnected' };
    },

    /** Logs out if it is connected, and throws the session away. False: another worker has it. Rejects when Redis is away. */
    async forget(): Promise<boolean> {
      if (!(await ensureHeld())) return false;
      if (state.is === 'open') {
        const { socket: by } = state;
        // WhatsApp closes it with 401 then, as if the phone had done it.
        connection += 1;
        moveTo({ is: 'waiting' });
        await atMost(LOG_OUT_MS, by.logOut());
      }
      unhold();
      moveTo({ is: 'idle' });
      await forgetSession();
      // A message may have taken the line up again meanwhile, to find it without a phone.
      if (holding === undefined) await lease.giveBack(reference);
      return true;
    },

    async close(): Promise<void> {
      isClosed = true;
      letGo();
      // A lease that is not given back ends by itself.
      await lease.giveBack(reference).catch(() => undefined);
    },
  };
}

/** Whatever becomes of it: its error may quote the session. */
async function atMost(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work.catch(() => undefined), late]);
  clearTimeout(timer);
}

function nextMove(waiters: Set<() => void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      waiters.delete(wake);
      signal.removeEventListener('abort', wake);
      resolve();
    };
    waiters.add(wake);
    signal.addEventListener('abort', wake, { once: true });
  });
}
