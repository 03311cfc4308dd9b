import { createHmac } from 'node:crypto';
import { ATTEMPT_ID_PATTERN } from '@watchword/contracts';
import { fieldOf, firstOf, numericCode, parseJson } from '../json-fields.ts';
import {
  type IncomingReceipt,
  type ReadCall,
  type ReadReceipt,
  type ReadReceiptCall,
  statusTable,
  toReadReceipt,
} from '../receipt.ts';
import { isSameText } from '../same-text.ts';
import type { WhatsAppCloudReceiptAccount } from './config.ts';
import { WHATSAPP_CODES } from './error-table.ts';

/** `status` in our words. Source: the `messages` webhook of the WhatsApp Business Platform, as of 2026-11-21. */
const STATUSES = statusTable({
  sent: 'sent',
  delivered: 'delivered',
  read: 'read',
  failed: 'undelivered',
});

/**
 * Reads Meta's calls on an account's receipt URL. GET is the handshake when the URL is entered: whoever knows the verify
 * token hears the challenge. POST carries any number of statuses; `X-Hub-Signature-256` is the HMAC of its raw bytes under
 * the app's secret, and does not cover the URL, hence the account.
 */
export function createWhatsAppCloudReceiptReader(accounts: readonly WhatsAppCloudReceiptAccount[]): ReadReceiptCall {
  return function readWhatsAppCloudCall(call) {
    const here = accounts.filter(({ reference }) => reference === call.reference);
    if (call.method === 'GET') return readHandshake(here, call);
    const account = here.find((candidate) => isSignedBy(candidate, call));
    if (account === undefined) return null;
    const statuses = statusesOf(parseJson(call.body.toString('utf8')));
    return { kind: 'receipts', receipts: statuses.flatMap((status) => readStatus(status, account)) };
  };
}

/** A word that cannot be markup: it is repeated to whoever asks. */
const CHALLENGE = /^[\w.-]{1,256}$/;

function readHandshake(accounts: readonly WhatsAppCloudReceiptAccount[], { query }: IncomingReceipt): ReadCall | null {
  const fields = new URLSearchParams(query);
  const [token, challenge] = [fields.get('hub.verify_token'), fields.get('hub.challenge')];
  if (fields.get('hub.mode') !== 'subscribe' || token === null) return null;
  if (challenge === null || !CHALLENGE.test(challenge)) return null;
  const isOurs = accounts.some(
    ({ verifyToken }) => verifyToken !== undefined && isSameText(token, verifyToken.reveal()),
  );
  return isOurs ? { kind: 'challenge', echo: challenge } : null;
}

function isSignedBy({ appSecret }: WhatsAppCloudReceiptAccount, { headers, body }: IncomingReceipt): boolean {
  if (appSecret === undefined) return false;
  const expected = createHmac('sha256', appSecret.reveal()).update(body).digest('hex');
  return isSameText(headers['x-hub-signature-256'] ?? '', `sha256=${expected}`);
}

const listOf = (value: unknown, name: string): unknown[] => {
  const list = fieldOf(value, name);
  return Array.isArray(list) ? list : [];
};

const statusesOf = (body: unknown): unknown[] =>
  listOf(body, 'entry')
    .flatMap((entry) => listOf(entry, 'changes'))
    .flatMap((change) => listOf(fieldOf(change, 'value'), 'statuses'));

/** Nothing for a message that is none of ours: the app may send others, and tells of those as well. */
function readStatus(status: unknown, account: WhatsAppCloudReceiptAccount): ReadReceipt[] {
  const attemptId = fieldOf(status, 'biz_opaque_callback_data');
  const word = fieldOf(status, 'status');
  if (typeof attemptId !== 'string' || !ATTEMPT_ID_PATTERN.test(attemptId) || typeof word !== 'string') return [];
  const code = numericCode(fieldOf(firstOf(fieldOf(status, 'errors')), 'code'));
  // A word that is not in the table is one for a message that Meta has.
  return [toReadReceipt({ attemptId }, account, STATUSES.get(word) ?? 'accepted', code, WHATSAPP_CODES)];
}
