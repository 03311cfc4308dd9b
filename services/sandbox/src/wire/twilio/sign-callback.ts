import { createHmac } from 'node:crypto';
import type { ReceiptStep } from '../../domain/receipts.ts';
import { signingSecret, type WireReceipt } from '../carrier.ts';

export interface SignedCallback {
  readonly url: string;
  /** The account's auth token. */
  readonly token: string;
  readonly status: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** A status callback: a form, signed with base64 of HMAC-SHA1 by the account's token over the URL and the sorted fields. */
export function signCallback({ url, token, status, fields }: SignedCallback, step: ReceiptStep): WireReceipt {
  const signed = Object.keys(fields)
    .toSorted()
    .map((name) => name + fields[name])
    .join('');
  const signature = createHmac('sha1', signingSecret(token, step))
    .update(url + signed)
    .digest('base64');
  return {
    status,
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-twilio-signature': signature },
    body: new URLSearchParams(fields).toString(),
  };
}
