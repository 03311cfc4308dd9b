import { createRequire } from 'node:module';
import { circuitOfChannel } from '../../circuit/circuit.ts';
import { fieldOf, parseJson, textOf } from '../json-fields.ts';
import { type IncomingReceipt, type ReadReceiptCall, readOne, statusTable, toReadReceipt } from '../receipt.ts';
import { TWILIO_CHANNELS, type TwilioReceiptAccount } from './config.ts';
import { TWILIO_CODES } from './error-table.ts';

/** `MessageStatus` in our words. Source: the `Message` resource of Twilio's API, as of 2026-11-21. */
const MESSAGE_STATUSES = statusTable({
  accepted: 'accepted',
  scheduled: 'accepted',
  queued: 'accepted',
  sending: 'accepted',
  sent: 'sent',
  delivered: 'delivered',
  read: 'read',
  undelivered: 'undelivered',
  failed: 'undelivered',
  canceled: 'undelivered',
});

/**
 * `CallStatus` in our words: a call that was answered has delivered its code when it ends well. Source: the `Call` resource of
 * Twilio's API, as of 2026-11-21.
 */
const CALL_STATUSES = statusTable({
  queued: 'accepted',
  initiated: 'accepted',
  ringing: 'sent',
  'in-progress': 'sent',
  completed: 'delivered',
  busy: 'undelivered',
  'no-answer': 'undelivered',
  failed: 'undelivered',
  canceled: 'undelivered',
});

/**
 * Reads Twilio's status callbacks. `X-Twilio-Signature` covers the public URL, hence the attempt, and each field of a form,
 * or for JSON the body's hash in the query (`bodySHA256`). Twilio's own judge is used: it knows the spellings of a URL that
 * its back ends sign; that one file takes 7 ms and 7 MB.
 */
export function createTwilioReceiptReader(accounts: readonly TwilioReceiptAccount[]): ReadReceiptCall {
  const require = createRequire(import.meta.url);
  const webhooks = require('twilio/lib/webhooks/webhooks.js') as typeof import('twilio/lib/webhooks/webhooks.js');

  function isSignedBy({ authToken }: TwilioReceiptAccount, call: IncomingReceipt, form: Form | null): boolean {
    const { url } = call;
    const signature = call.headers['x-twilio-signature'] ?? '';
    if (url === null || !webhooks.validateRequest(authToken.reveal(), signature, url, form ?? {})) return false;
    if (form !== null) return true;
    return webhooks.validateBody(call.body.toString('utf8'), new URLSearchParams(call.query).get('bodySHA256') ?? '');
  }

  return function readTwilioReceipt(call) {
    const form = call.contentType.startsWith('application/json') ? null : readForm(call.body);
    const account = accounts.find((candidate) => isSignedBy(candidate, call, form));
    if (account === undefined) return null;
    const of = { attemptId: call.reference };
    const { channel, status, code } = readFields(form ?? parseJson(call.body.toString('utf8')));
    const circuit = circuitOfChannel(account.circuit, channel, TWILIO_CHANNELS[0]);
    return readOne(toReadReceipt(of, { mode: account.mode, circuit }, status, code, TWILIO_CODES));
  };
}

/**
 * Of a message or of a call. A word that is not in its table, or none, is one for what Twilio has. Where Twilio gives no code of its
 * own for a call that failed, the carrier's SIP answer stands for it.
 */
function readFields(fields: unknown) {
  const code = textOf(fieldOf(fields, 'ErrorCode'));
  const ofCall = textOf(fieldOf(fields, 'CallStatus'));
  if (ofCall === '') {
    const status = MESSAGE_STATUSES.get(textOf(fieldOf(fields, 'MessageStatus'))) ?? 'accepted';
    return { channel: 'sms', status, code } as const;
  }
  const status = CALL_STATUSES.get(ofCall) ?? 'accepted';
  const sipCode = status === 'undelivered' ? textOf(fieldOf(fields, 'SipResponseCode')) : '';
  return { channel: 'voice', status, code: code === '' ? sipCode : code } as const;
}

type Form = Record<string, string | string[]>;

/** Field names are a stranger's choice, so the record has no prototype. */
function readForm(body: Buffer): Form {
  const form = new URLSearchParams(body.toString('utf8'));
  const fields = Object.create(null) as Form;
  for (const name of form.keys()) {
    const values = form.getAll(name);
    fields[name] = values.length > 1 ? values : (values[0] ?? '');
  }
  return fields;
}
