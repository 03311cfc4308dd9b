import { createRequire } from 'node:module';
import type { ReceiptStatus } from '@watchword/contracts';
import { type IncomingReceipt, type ReadReceiptCall, toReadReceipt } from '../receipt.ts';
import type { TwilioReceiptAccount } from './config.ts';
import { TWILIO_SMS_CODES } from './error-table.ts';

/** `MessageStatus` in our words. Source: the `Message` resource of Twilio's API, as of 2026-11-21. */
const STATUSES: Readonly<Record<string, ReceiptStatus>> = {
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
};

/**
 * Reads Twilio's status callbacks. `X-Twilio-Signature` covers the public URL, hence the attempt, and each field of a form,
 * or for JSON the body's hash in the query (`bodySHA256`). Twilio's own judge is used: it knows the spellings of a URL that
 * its back ends sign; that one file takes 7 ms and 7 MB.
 */
export function createTwilioReceiptReader(accounts: readonly TwilioReceiptAccount[]): ReadReceiptCall {
  const require = createRequire(import.meta.url);
  const webhooks = require('twilio/lib/webhooks/webhooks.js') as typeof import('twilio/lib/webhooks/webhooks.js');

  function isSignedBy({ authToken }: TwilioReceiptAccount, call: IncomingReceipt, form: Form | null): boolean {
    const { url, twilioSignature } = call;
    if (url === null || !webhooks.validateRequest(authToken.reveal(), twilioSignature, url, form ?? {})) return false;
    if (form !== null) return true;
    return webhooks.validateBody(call.body.toString('utf8'), new URLSearchParams(call.query).get('bodySHA256') ?? '');
  }

  return function readTwilioReceipt(call) {
    const form = call.contentType.startsWith('application/json') ? null : readForm(call.body);
    const account = accounts.find((candidate) => isSignedBy(candidate, call, form));
    if (account === undefined) return null;
    const fields = form ?? readJson(call.body);
    // A word that is not in the table is one for a message that Twilio has.
    const status = STATUSES[textOf(fields.MessageStatus)] ?? 'accepted';
    return toReadReceipt(account, status, textOf(fields.ErrorCode), TWILIO_SMS_CODES);
  };
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

function readJson(body: Buffer): Record<string, unknown> {
  try {
    const fields: unknown = JSON.parse(body.toString('utf8'));
    return typeof fields === 'object' && fields !== null ? (fields as Record<string, unknown>) : {};
  } catch {
    // Signed, and still no JSON: it tells nothing but that Twilio has the message.
    return {};
  }
}

const textOf = (value: unknown) => (typeof value === 'string' || typeof value === 'number' ? String(value) : '');
