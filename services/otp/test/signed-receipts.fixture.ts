import { createHash, createHmac } from 'node:crypto';
import type { ReceiptCall } from '@watchword/contracts';

/** Where the providers reach the gateway. */
export const RECEIPTS_URL = 'https://otp.example.com';

/** A provider's call, as the gateway hands it over. */
export const receiptCall = (change: Partial<ReceiptCall>): ReceiptCall => ({
  method: 'POST',
  query: '',
  contentType: 'application/json',
  headers: {},
  body: '',
  ...change,
});

/** As Twilio tells of an attempt, signed with an account's token. */
export function twilioReceipt(
  attemptId: string,
  token: string,
  status = 'delivered',
  more: Record<string, string> = {},
): ReceiptCall {
  const form: Record<string, string> = { MessageStatus: status, MessageSid: 'SM1', ...more };
  const names = Object.keys(form).toSorted();
  const signed = `${RECEIPTS_URL}/receipts/twilio/${attemptId}${names.map((name) => name + form[name]).join('')}`;
  return receiptCall({
    contentType: 'application/x-www-form-urlencoded',
    headers: { 'x-twilio-signature': createHmac('sha1', token).update(signed).digest('base64') },
    body: Buffer.from(new URLSearchParams(form).toString()).toString('base64'),
  });
}

/** As Vonage tells that an attempt was delivered, signed with an account's secret. */
export function vonageReceipt(attemptId: string, secret: string): ReceiptCall {
  const sig = createHash('md5').update(`&client-ref=${attemptId}&status=delivered${secret}`).digest('hex');
  const fields = { 'client-ref': attemptId, status: 'delivered', sig };
  return receiptCall({ body: Buffer.from(JSON.stringify(fields)).toString('base64') });
}
