import type { ReceiptStep } from '../../domain/receipts.ts';
import type { WireReceipt } from '../carrier.ts';
import { signCallback } from './sign-callback.ts';

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

export function writeMessageReceipt(message: TwilioReceiptOf, step: ReceiptStep): WireReceipt {
  const { url, token, account, id, to, from } = message;
  const { word, code } = step;
  const fields = {
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
  return signCallback({ url, token, status: word, fields }, step);
}
