import { createHash, randomUUID } from 'node:crypto';
import type { ReceiptStep } from '../../domain/receipts.ts';
import { signingSecret, type WireReceipt } from '../carrier.ts';

export interface VonageReceiptOf {
  readonly secret: string;
  readonly apiKey: string;
  readonly id: string;
  readonly to: string;
  readonly from: string;
  readonly reference: string | undefined;
}

const STATUSES = { sent: 'accepted', delivered: 'delivered', read: 'delivered', undelivered: 'failed' } as const;
/** The subscriber is gone for good. */
const UNDELIVERED_CODE = 3;

/**
 * A delivery receipt: JSON, signed with the account's secret, which here is its API secret: MD5 over the sorted fields, `&` and
 * `=` in their values replaced by `_`, and the secret.
 */
export function writeSmsReceipt(message: VonageReceiptOf, step: ReceiptStep): WireReceipt {
  const { secret, apiKey, id, to, from, reference } = message;
  const { word, code } = step;
  const now = new Date();
  const fields: Record<string, string> = {
    'api-key': apiKey,
    'err-code': String(word === 'undelivered' ? (code ?? UNDELIVERED_CODE) : 0),
    'message-timestamp': now.toISOString().slice(0, 19).replace('T', ' '),
    messageId: id,
    msisdn: to.slice(1),
    'network-code': '310260',
    nonce: randomUUID(),
    price: '0.03330000',
    status: STATUSES[word],
    timestamp: String(Math.floor(now.getTime() / 1000)),
    to: from,
    ...(reference === undefined ? {} : { 'client-ref': reference }),
  };
  const signed = Object.keys(fields)
    .toSorted()
    .map((name) => `&${name}=${fields[name]?.replace(/[&=]/g, '_')}`)
    .join('');
  const sig = createHash('md5')
    .update(signed + signingSecret(secret, step))
    .digest('hex');
  return {
    status: STATUSES[word],
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...fields, sig }),
  };
}
