import { createHash, createHmac } from 'node:crypto';
import { circuitOfChannel } from '../../circuit/circuit.ts';
import { fieldOf, parseJson, textOf } from '../json-fields.ts';
import { type IncomingReceipt, type ReadReceiptCall, readOne, statusTable, toReadReceipt } from '../receipt.ts';
import { isSameText } from '../same-text.ts';
import { VONAGE_MESSAGES_CHANNELS, type VonageMessagesReceiptAccount } from './config.ts';
import { codeOfError, VONAGE_MESSAGES_RECEIPT_CODES } from './error-table.ts';

/**
 * `status` in our words: `submitted` is handed on to a carrier or to WhatsApp. Source:
 * https://developer.vonage.com/en/messages/concepts/messages-status-callbacks, as of 2026-11-21.
 */
const STATUSES = statusTable({
  submitted: 'sent',
  delivered: 'delivered',
  read: 'read',
  rejected: 'undelivered',
  undeliverable: 'undelivered',
});

/** A token is made for the call that carries it; Vonage signs each repetition anew. */
const AGE_SECONDS_MAX = 300;
/** By which its clock may be ahead of ours. */
const AHEAD_SECONDS_MAX = 60;

/**
 * Reads the status calls of Vonage's Messages API. They carry a JWT (HS256 under the account's signature secret) with the hash of
 * the body. Its algorithm, age and hash are checked here: Vonage's SDK would take another algorithm, and checks neither of the
 * others. The token does not cover the URL, so the attempt is the body's `client_ref`, and another's receipt does not count for it.
 *
 * `now` gives milliseconds since the epoch.
 */
export function createVonageMessagesReceiptReader(
  accounts: readonly VonageMessagesReceiptAccount[],
  now: () => number = Date.now,
): ReadReceiptCall {
  return function readVonageMessagesReceipt(call) {
    const token = /^Bearer ([\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(call.headers.authorization ?? '');
    if (token === null) return null;
    const [, header = '', claims = '', signature = ''] = token;
    if (!isFor(call, decode(header), decode(claims), now())) return null;
    const account = accounts.find(({ signatureSecret }) =>
      isSameText(
        signature,
        createHmac('sha256', signatureSecret.reveal()).update(`${header}.${claims}`).digest('base64url'),
      ),
    );
    if (account === undefined) return null;
    const body = parseJson(call.body.toString('utf8'));
    if (fieldOf(body, 'client_ref') !== call.reference) return null;
    const channel = VONAGE_MESSAGES_CHANNELS.find((one) => one === fieldOf(body, 'channel')) ?? 'sms';
    return readOne(
      toReadReceipt(
        { attemptId: call.reference },
        { mode: account.mode, circuit: circuitOfChannel(account.circuit, channel, VONAGE_MESSAGES_CHANNELS[0]) },
        // A word that is not in the table is one for a message that Vonage has.
        STATUSES.get(textOf(fieldOf(body, 'status'))) ?? 'accepted',
        codeOfError(fieldOf(body, 'error')),
        VONAGE_MESSAGES_RECEIPT_CODES,
      ),
    );
  };
}

const decode = (part: string): unknown => parseJson(Buffer.from(part, 'base64url').toString('utf8'));

/** Whether a token of this header and these claims, if it is genuine, was made for this call, and lately. */
function isFor({ body }: IncomingReceipt, header: unknown, claims: unknown, nowMs: number): boolean {
  const [issuedAt, expiresAt] = [fieldOf(claims, 'iat'), fieldOf(claims, 'exp')];
  if (fieldOf(header, 'alg') !== 'HS256' || typeof issuedAt !== 'number') return false;
  const ageSeconds = nowMs / 1000 - issuedAt;
  if (!(ageSeconds <= AGE_SECONDS_MAX && ageSeconds >= -AHEAD_SECONDS_MAX)) return false;
  if (expiresAt !== undefined && !(typeof expiresAt === 'number' && nowMs / 1000 < expiresAt)) return false;
  const hash = fieldOf(claims, 'payload_hash');
  return typeof hash === 'string' && isSameText(hash.toLowerCase(), createHash('sha256').update(body).digest('hex'));
}
