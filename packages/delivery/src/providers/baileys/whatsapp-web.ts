import { randomBytes } from 'node:crypto';
import type { ReceiptStatus } from '@watchword/contracts';
import { circuitKeyOf } from '../../circuit/circuit.ts';
import { accountReference, type ReadReceipt } from '../receipt.ts';
import { createLine, type Line, type LineDeps } from './line.ts';
import type { Session } from './socket.ts';

export interface WhatsAppWebDeps extends Pick<LineDeps, 'lease' | 'openSocket' | 'pauseMs'> {
  readonly sessionOf: (reference: string) => Session;
  /** To be shown to who pairs the account; null when there is nothing to scan any more. */
  readonly onQr: (reference: string, qr: string | null) => void;
  readonly onReceipt: (receipt: ReadReceipt) => void;
  readonly onState?: (reference: string, ...state: Parameters<LineDeps['onState']>) => void;
}

/** What an adapter needs of an account's line. */
export interface LineOfAccount extends Pick<Line, 'ready'> {
  /** An id for a message of this attempt: WhatsApp's word on it becomes the attempt's receipt. */
  newMessageId(attemptId: string): string;
}

export type WhatsAppWeb = ReturnType<typeof createWhatsAppWeb>;

/** An ack may come for as long as a code lives; a worker that ends forgets them. */
const MESSAGES_MAX = 10_000;

const ACKS: Readonly<Record<number, ReceiptStatus>> = {
  0: 'undelivered',
  2: 'sent',
  3: 'delivered',
  4: 'read',
  5: 'read',
};

/**
 * The lines of this worker's WhatsApp Web accounts. One is made when it is first asked for. Off unless a worker makes this: it
 * is no service of WhatsApp's, whose terms discourage it.
 */
export function createWhatsAppWeb(deps: WhatsAppWebDeps) {
  const { sessionOf, onQr, onReceipt, onState } = deps;
  const lines = new Map<string, Line>();
  /** By message id, oldest first. */
  const attempts = new Map<string, { attemptId: string; reference: string }>();

  function lineOf(reference: string): Line {
    const known = lines.get(reference);
    if (known !== undefined) return known;
    const line = createLine({
      ...deps,
      reference,
      session: sessionOf(reference),
      onQr: (qr) => onQr(reference, qr),
      onAck: (messageId, ack) => told(messageId, ack),
      onState: (...state) => onState?.(reference, ...state),
    });
    lines.set(reference, line);
    return line;
  }

  function told(messageId: string, ack: number): void {
    const [sent, status] = [attempts.get(messageId), ACKS[ack]];
    if (sent === undefined || status === undefined) return;
    const health = status === 'delivered' || status === 'read' ? 'healthy' : 'neutral';
    const { attemptId, reference } = sent;
    onReceipt({ of: { attemptId }, mode: 'live', circuit: circuitOf(reference), status, health });
  }

  return {
    accountOf(reference: string): LineOfAccount {
      const line = lineOf(reference);
      return {
        ready: line.ready,
        newMessageId(attemptId) {
          const messageId = `3EB0${randomBytes(9).toString('hex').toUpperCase()}`;
          attempts.set(messageId, { attemptId, reference });
          const [oldest] = attempts.keys();
          if (attempts.size > MESSAGES_MAX && oldest !== undefined) attempts.delete(oldest);
          return messageId;
        },
      };
    },
    /** Connects an account; shows a QR code when it is of no phone. False: another worker has its line. */
    connect: (reference: string) => lineOf(reference).connect(),
    /** Logs an account out and throws its session away. False: another worker has its line. */
    forget: (reference: string) => lineOf(reference).forget(),
    async close(): Promise<void> {
      await Promise.all([...lines.values()].map((line) => line.close()));
      lines.clear();
    },
  };
}

/** A project's account has its provider's id. */
const circuitOf = (reference: string) =>
  reference === accountReference('platform')
    ? circuitKeyOf({ name: 'baileys', mode: 'live' })
    : reference.slice(reference.lastIndexOf('.') + 1);
