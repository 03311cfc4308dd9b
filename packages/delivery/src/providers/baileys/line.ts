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
  /** Told of each move, for the log; `code` is WhatsApp's. */
  readonly onState: (state: LineState['is'], code?: number) => void;
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

/** The one connection of an account, in the worker that holds its lease. */
export function createLine(deps: LineDeps) {
  const { reference, session, lease, openSocket, onQr, onAck, onState, pauseMs = PAUSE_MS } = deps;
  let state: LineState = { is: 'idle' };
  /** Each connection has a number: what an older one still says is not heard. */
  let connection = 0;
  let socket: WhatsAppSocket | undefined;
  let failures = 0;
  let heldUntil = 0;
  let reconnecting: NodeJS.Timeout | undefined;
  let holding: NodeJS.Timeout | undefined;
  let isClosed = false;
  const waiters = new Set<() => void>();

  function moveTo(next: LineState, code?: number): void {
    if (state.is === 'pairing' && next.is !== 'pairing') onQr(null);
    state = next;
    onState(next.is, code);
    for (const wake of waiters) wake();
  }

  function dropSocket(): void {
    connection += 1;
    clearTimeout(reconnecting);
    socket?.end();
    socket = undefined;
  }

  /** Prolongs the lease while there is a connection. Redis away: the socket goes before another worker could open one. */
  async function hold(): Promise<void> {
    let isOurs = false;
    try {
      isOurs = await lease.take(reference);
    } catch {
      // Not known: it is ours for as long as it was last given.
      if (Date.now() < heldUntil - lease.leaseMs / 3) return;
    }
    if (isOurs) heldUntil = Date.now() + lease.leaseMs;
    else letGo();
  }

  function letGo(): void {
    clearInterval(holding);
    holding = undefined;
    dropSocket();
    if (state.is !== 'stopped') moveTo({ is: 'idle' });
  }

  async function open(): Promise<void> {
    dropSocket();
    const mine = connection;
    const isCurrent = () => mine === connection;
    let isOpen = false;
    moveTo({ is: 'connecting' });
    try {
      const made = await openSocket(session, {
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
    } catch {
      // Its session cannot be read, or Baileys cannot start: its error may quote either.
      if (isCurrent()) stop('session_unusable');
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
    if (wasPairing && after === 'reconnect') return moveTo({ is: 'idle' }, code);
    if (after === 'stop' || after === 'pair_again') return stop(String(code), code);
    // At once, but not for ever.
    if (after === 'reconnect_now' && failures === 0) {
      failures += 1;
      void open();
      return;
    }
    moveTo({ is: 'waiting' }, code);
    const delayMs = Math.min(pauseMs * 2 ** failures, PAUSE_MS_MAX);
    failures += 1;
    reconnecting = setTimeout(() => void open(), delayMs);
  }

  function stop(reason: string, code?: number): void {
    moveTo({ is: 'stopped', code: reason }, code);
    if (code !== undefined && afterDisconnect(code) === 'pair_again') void session.clear().catch(() => undefined);
  }

  async function ensureHeld(): Promise<boolean> {
    if (isClosed) return false;
    if (holding !== undefined && Date.now() < heldUntil) return true;
    const askedAt = Date.now();
    if (!(await lease.take(reference)) || isClosed) return false;
    heldUntil = askedAt + lease.leaseMs;
    holding ??= setInterval(() => void hold(), lease.leaseMs / 3);
    return true;
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

    async close(): Promise<void> {
      isClosed = true;
      letGo();
      // A lease that is not given back ends by itself.
      await lease.giveBack(reference).catch(() => undefined);
    },
  };
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
