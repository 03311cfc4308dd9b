import { createHash, createHmac, randomUUID } from 'node:crypto';
import type { ReceiptStep } from '../../domain/receipts.ts';
import { signingSecret, type WireReceipt } from '../carrier.ts';

export interface MessageStatusOf {
  /** The account's signature secret. */
  readonly secret: string;
  readonly apiKey: string;
  readonly id: string;
  readonly channel: string;
  readonly to: string;
  readonly from: string;
  readonly reference: string | undefined;
  readonly segments: number | undefined;
}

const STATUSES = { sent: 'submitted', delivered: 'delivered', read: 'read', undelivered: 'undeliverable' } as const;
/** The message could not be delivered to the phone number. */
const UNDELIVERED_CODE = 1260;

/** A status webhook: JSON, vouched for by a JWT of the account's signature secret that holds the body's hash. */
export function writeMessageStatus(message: MessageStatusOf, step: ReceiptStep): WireReceipt {
  const { id, channel, to, from, reference, segments } = message;
  const status = STATUSES[step.word];
  const body = JSON.stringify({
    message_uuid: id,
    to: to.slice(1),
    from,
    timestamp: `${new Date().toISOString().slice(0, 19)}Z`,
    status,
    ...(step.word === 'undelivered' ? { error: errorOf(step.code ?? UNDELIVERED_CODE) } : {}),
    ...(reference === undefined ? {} : { client_ref: reference }),
    usage: { currency: 'EUR', price: '0.0333' },
    channel,
    ...(segments === undefined ? {} : { destination: { network_code: '310260' }, sms: { count_total: `${segments}` } }),
  });
  return {
    status,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${signedToken(message, body, step)}` },
    body,
  };
}

function errorOf(code: number | string): object {
  return {
    type: `https://developer.vonage.com/api-errors/messages#${code}`,
    title: String(code),
    detail: 'The message could not be delivered.',
    instance: randomUUID().replaceAll('-', ''),
  };
}

function signedToken({ apiKey, secret }: MessageStatusOf, body: string, step: ReceiptStep): string {
  const claims = {
    iat: Math.floor(Date.now() / 1000),
    jti: randomUUID(),
    iss: 'Vonage',
    payload_hash: createHash('sha256').update(body).digest('hex'),
    api_key: apiKey,
  };
  const signed = [{ alg: 'HS256', typ: 'JWT' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const signature = createHmac('sha256', signingSecret(secret, step)).update(signed).digest('base64url');
  return `${signed}.${signature}`;
}
