import { createHmac } from 'node:crypto';
import type { ReceiptStep } from '../domain/receipts.ts';
import type { WireReceipt } from './carrier.ts';

export interface TwilioReceiptOf {
  readonly url: string;
  readonly token: string;
  readonly account: string;
  readonly id: string;
  readonly to: string;
  readonly from: string | undefined;
}

/** The handset could not be reached. */
const UNDELIVERED_CODE = 30003;

/** A status callback: a form, signed with the account's token (base64 of HMAC-SHA1 over the URL and the sorted fields). */
export function writeTwilioReceipt(message: TwilioReceiptOf, { word, code, isForged }: ReceiptStep): WireReceipt {
  const { url, token, account, id, to, from } = message;
  const fields: Record<string, string> = {
    AccountSid: account,
    ApiVersion: '2010-04-01',
    MessageSid: id,
    MessageStatus: word,
    SmsSid: id,
    SmsStatus: word,
    To: to,
    ...(from === undefined ? {} : { From: from }),
    ...(word === 'undelivered' ? { ErrorCode: String(code ?? UNDELIVERED_CODE) } : {}),
  };
  const signed = Object.keys(fields)
    .toSorted()
    .map((name) => name + fields[name])
    .join('');
  const signature = createHmac('sha1', isForged ? `not ${token}` : token)
    .update(url + signed)
    .digest('base64');
  return {
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-twilio-signature': signature },
    body: new URLSearchParams(fields).toString(),
  };
}
