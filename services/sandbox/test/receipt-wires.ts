import { createHash, createHmac } from 'node:crypto';
import twilio from 'twilio';
import { z } from 'zod';
import {
  postTwilio,
  postTwilioCall,
  postVonage,
  postVonageMessage,
  postWati,
  postWhatsAppCloud,
  SECRET,
} from './provider-posts.ts';
import type { Received } from './receiver.ts';

export const ATTEMPT = 'att_of_the_test';
/** Where a send asks for its receipts, at providers whose sends name the place. */
export const CALLBACK_PATH = '/receipts?of=1';

/** What one kind of receipt looks like to whoever gets it. Each says of the message what stands in it, not what it should. */
export interface ReceiptWire {
  readonly name: string;
  readonly provider: string;
  /** Of a message whose receipts go to this receiver. */
  send(sandboxUrl: string, receiverUrl: string): Promise<Response>;
  /** Of a message that asks for none; undefined where the account decides, not the send. */
  sendSilently?(sandboxUrl: string): Promise<Response>;
  statusOf(received: Received): string | undefined;
  codeOf(received: Received): string | undefined;
  /** Whether the account's secret vouches for it. */
  isGenuine(received: Received, receiverUrl: string): boolean;
  /** What joins it to the message: the provider's id, and ours where the wire has it. */
  joins(received: Received): { readonly id: string | undefined; readonly reference?: string | undefined };
  /** The provider's words, in the order of a message that is delivered. */
  readonly story: readonly string[];
  readonly sent: string;
  readonly undelivered: string;
  readonly usualCode: string;
  /** Where read receipts exist. */
  readonly read?: string;
}

const formOf = ({ body }: Received): Record<string, string> => Object.fromEntries(new URLSearchParams(body));
const jsonOf = ({ body }: Received) => z.record(z.string(), z.string().catch('')).parse(JSON.parse(body));

const isTwilios = (received: Received, url: string) =>
  twilio.validateRequest(SECRET, String(received.headers['x-twilio-signature']), url + CALLBACK_PATH, formOf(received));

const twilioMessages: ReceiptWire = {
  name: 'Twilio messages',
  provider: 'twilio',
  send: (url, receiver) => postTwilio(url, { StatusCallback: receiver + CALLBACK_PATH }),
  sendSilently: (url) => postTwilio(url),
  statusOf: (received) => formOf(received).MessageStatus,
  codeOf: (received) => formOf(received).ErrorCode,
  isGenuine: isTwilios,
  joins: (received) => ({ id: formOf(received).MessageSid }),
  story: ['sent', 'delivered'],
  sent: 'sent',
  undelivered: 'undelivered',
  usualCode: '30003',
};

const twilioCalls: ReceiptWire = {
  name: 'Twilio calls',
  provider: 'twilio',
  send: (url, receiver) =>
    postTwilioCall(url, {
      StatusCallback: receiver + CALLBACK_PATH,
      StatusCallbackEvent: ['ringing', 'completed'],
    }),
  sendSilently: (url) => postTwilioCall(url),
  statusOf: (received) => formOf(received).CallStatus?.replace('no-answer', 'failed'),
  codeOf: (received) => formOf(received).ErrorCode ?? 'no-answer',
  isGenuine: isTwilios,
  joins: (received) => ({ id: formOf(received).CallSid }),
  story: ['ringing', 'completed'],
  sent: 'ringing',
  undelivered: 'failed',
  usualCode: 'no-answer',
};

const vonageSms: ReceiptWire = {
  name: 'Vonage SMS',
  provider: 'vonage',
  send: (url, receiver) => postVonage(url, { callback: receiver + CALLBACK_PATH, 'client-ref': ATTEMPT }),
  sendSilently: (url) => postVonage(url),
  statusOf: (received) => jsonOf(received).status,
  codeOf: (received) => jsonOf(received)['err-code'],
  isGenuine(received) {
    const { sig, ...rest } = jsonOf(received);
    const sorted = Object.entries(rest).toSorted(([left], [right]) => (left < right ? -1 : 1));
    const signed = sorted.map(([name, value]) => `&${name}=${value.replace(/[&=]/g, '_')}`).join('');
    const expected = createHash('md5')
      .update(signed + SECRET)
      .digest('hex');
    return sig === expected;
  },
  joins: (received) => ({ id: jsonOf(received).messageId, reference: jsonOf(received)['client-ref'] }),
  story: ['delivered'],
  sent: 'accepted',
  undelivered: 'failed',
  usualCode: '3',
};

const messageStatus = z.looseObject({
  message_uuid: z.string(),
  status: z.string(),
  client_ref: z.string().optional(),
  error: z.looseObject({ title: z.string() }).optional(),
});
const statusOf = ({ body }: Received) => messageStatus.parse(JSON.parse(body));

const vonageMessages: ReceiptWire = {
  name: 'Vonage Messages',
  provider: 'vonage_messages',
  send: (url, receiver) => postVonageMessage(url, { webhook_url: receiver + CALLBACK_PATH, client_ref: ATTEMPT }),
  sendSilently: (url) => postVonageMessage(url),
  statusOf: (received) => statusOf(received).status,
  codeOf: (received) => statusOf(received).error?.title,
  isGenuine({ headers, body }) {
    const [header = '', claims = '', signature] = String(headers.authorization).replace('Bearer ', '').split('.');
    const decode = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString());
    const { payload_hash, iat } = z.looseObject({ payload_hash: z.string(), iat: z.number() }).parse(decode(claims));
    return (
      z.looseObject({ alg: z.string() }).parse(decode(header)).alg === 'HS256' &&
      signature === createHmac('sha256', SECRET).update(`${header}.${claims}`).digest('base64url') &&
      payload_hash === createHash('sha256').update(body).digest('hex') &&
      Math.abs(Date.now() / 1000 - iat) < 30
    );
  },
  joins: (received) => ({ id: statusOf(received).message_uuid, reference: statusOf(received).client_ref }),
  story: ['submitted', 'delivered'],
  sent: 'submitted',
  undelivered: 'undeliverable',
  usualCode: '1260',
  read: 'read',
};

const webhook = z.looseObject({
  object: z.literal('whatsapp_business_account'),
  entry: z.tuple([
    z.looseObject({
      changes: z.tuple([
        z.looseObject({
          field: z.literal('messages'),
          value: z.looseObject({
            statuses: z.tuple([
              z.looseObject({
                id: z.string(),
                status: z.string(),
                timestamp: z.string(),
                biz_opaque_callback_data: z.string().optional(),
                errors: z.array(z.looseObject({ code: z.number() })).optional(),
              }),
            ]),
          }),
        }),
      ]),
    }),
  ]),
});
const onlyStatus = ({ body }: Received) => webhook.parse(JSON.parse(body)).entry[0].changes[0].value.statuses[0];

const whatsAppCloud: ReceiptWire = {
  name: 'WhatsApp Cloud',
  provider: 'whatsapp_cloud',
  send: (url) => postWhatsAppCloud(url, { biz_opaque_callback_data: ATTEMPT }),
  statusOf: (received) => onlyStatus(received).status,
  codeOf: (received) =>
    onlyStatus(received)
      .errors?.map(({ code }) => String(code))
      .join(),
  isGenuine: ({ headers, body, path }) =>
    path === '/receipts/whatsapp_cloud/platform' &&
    headers['x-hub-signature-256'] === `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`,
  joins: (received) => ({ id: onlyStatus(received).id, reference: onlyStatus(received).biz_opaque_callback_data }),
  story: ['sent', 'delivered'],
  sent: 'sent',
  undelivered: 'failed',
  usualCode: '131026',
  read: 'read',
};

const urlSecret = createHash('sha256').update(`wati ${SECRET}`).digest('base64url');

const wati: ReceiptWire = {
  name: 'WATI',
  provider: 'wati',
  send: (url) => postWati(url),
  statusOf: (received) => jsonOf(received).eventType,
  codeOf: (received) => jsonOf(received).failedCode,
  isGenuine: ({ path }) => path === `/receipts/wati/platform.${urlSecret}`,
  joins: (received) => ({ id: jsonOf(received).localMessageId }),
  story: ['templateMessageSent_v2', 'sentMessageDELIVERED_v2'],
  sent: 'templateMessageSent_v2',
  undelivered: 'templateMessageFailed',
  usualCode: '131026',
  read: 'sentMessageREAD_v2',
};

export const RECEIPT_WIRES: readonly ReceiptWire[] = [
  twilioMessages,
  twilioCalls,
  vonageSms,
  vonageMessages,
  whatsAppCloud,
  wati,
];
