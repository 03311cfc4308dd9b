import { createHmac } from 'node:crypto';
import type { ReceiptStep } from '../../domain/receipts.ts';
import { signingSecret, type WireReceipt } from '../carrier.ts';
import { titleOf } from './graph-error.ts';

export interface StatusesOf {
  /** Stands in for the app secret: the access token that the send came with. */
  readonly secret: string;
  readonly phoneNumberId: string;
  readonly id: string;
  readonly to: string;
  /** `biz_opaque_callback_data`. */
  readonly opaque: string | undefined;
}

const STATUSES = { sent: 'sent', delivered: 'delivered', read: 'read', undelivered: 'failed' } as const;
const UNDELIVERED_CODE = 131026;

/** A call of the account's webhook, signed with HMAC-SHA256 of the raw body. */
export function writeStatuses({ secret, phoneNumberId, id, to, opaque }: StatusesOf, step: ReceiptStep): WireReceipt {
  const status = STATUSES[step.word];
  const code = Number(step.code ?? UNDELIVERED_CODE);
  const one = {
    id,
    status,
    timestamp: String(Math.floor(Date.now() / 1000)),
    recipient_id: to.slice(1),
    ...(opaque === undefined ? {} : { biz_opaque_callback_data: opaque }),
    ...(status === 'failed'
      ? { errors: [{ code, title: titleOf(code), message: titleOf(code), error_data: { details: titleOf(code) } }] }
      : { pricing: { billable: true, pricing_model: 'PMP', category: 'authentication', type: 'regular' } }),
  };
  const value = {
    messaging_product: 'whatsapp',
    metadata: { display_phone_number: '15550006000', phone_number_id: phoneNumberId },
    statuses: [one],
  };
  const body = JSON.stringify({
    object: 'whatsapp_business_account',
    entry: [{ id: '102290129340398', changes: [{ value, field: 'messages' }] }],
  });
  const signature = createHmac('sha256', signingSecret(secret, step)).update(body).digest('hex');
  return {
    status,
    headers: { 'content-type': 'application/json', 'x-hub-signature-256': `sha256=${signature}` },
    body,
  };
}
