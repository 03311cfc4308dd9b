import { randomBytes } from 'node:crypto';
import type { ReceiptStep } from '../../domain/receipts.ts';
import type { WireReceipt } from '../carrier.ts';

export interface EventsOf {
  readonly localMessageId: string;
  readonly to: string;
  readonly text: string;
  readonly template: string;
}

const EVENTS = {
  sent: ['templateMessageSent_v2', 'SENT'],
  delivered: ['sentMessageDELIVERED_v2', 'Delivered'],
  read: ['sentMessageREAD_v2', 'Read'],
  undelivered: ['templateMessageFailed', 'Failed'],
} as const;
/** WhatsApp's own: WATI passes it on. */
const UNDELIVERED_CODE = 131026;

/**
 * An event of WATI's webhook. None is signed: who knows the URL is believed.
 * Source: https://docs.wati.io/reference/track-template-messages-using-webhooks, as of 2026-11-21.
 */
export function createEvents({ localMessageId, to, text, template }: EventsOf): (step: ReceiptStep) => WireReceipt {
  const id = randomBytes(12).toString('hex');
  const whatsappMessageId = `wamid.${randomBytes(24).toString('base64url')}`;
  return ({ word, code }) => {
    const [eventType, statusString] = EVENTS[word];
    const body = {
      eventType,
      statusString,
      localMessageId,
      id,
      whatsappMessageId,
      waId: to.slice(1),
      type: 'template',
      templateName: template,
      text: word === 'undelivered' ? null : text,
      timestamp: String(Math.floor(Date.now() / 1000)),
      operatorEmail: 'api@sandbox.invalid',
      ...(word === 'undelivered'
        ? { failedCode: String(code ?? UNDELIVERED_CODE), failedDetail: 'Message undeliverable' }
        : {}),
    };
    return { status: eventType, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  };
}
