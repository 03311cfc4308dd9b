import { createHash, createHmac } from 'node:crypto';
import { parseJson, textOf } from '../json-fields.ts';
import { type IncomingReceipt, type ReadReceiptCall, readOne, statusTable, toReadReceipt } from '../receipt.ts';
import { isSameText } from '../same-text.ts';
import type { VonageReceiptAccount, VonageSignatureMethod } from './config.ts';
import { VONAGE_DLR_CODES } from './error-table.ts';

/** `status` of a delivery receipt (DLR) in our words; `unknown` says that the carrier told nothing. As of 2026-11-21. */
const STATUSES = statusTable({
  unknown: 'accepted',
  buffered: 'sent',
  accepted: 'sent',
  delivered: 'delivered',
  expired: 'undelivered',
  failed: 'undelivered',
  rejected: 'undelivered',
});

/**
 * Reads the delivery receipts of Vonage's SMS API: GET, a form or JSON, as the account is set. `sig` covers the fields and
 * not the URL, so the attempt is the signed `client-ref`, and another's receipt does not count for it.
 */
export function createVonageReceiptReader(accounts: readonly VonageReceiptAccount[]): ReadReceiptCall {
  return function readVonageReceipt(call) {
    const fields = readFields(call);
    const account = accounts.find((candidate) => isSignedBy(candidate, fields));
    if (account === undefined || fields.get('client-ref') !== call.reference) return null;
    // A word that is not in the table is one for a message that Vonage has.
    const status = STATUSES.get(fields.get('status') ?? '') ?? 'accepted';
    return readOne(
      toReadReceipt({ attemptId: call.reference }, account, status, fields.get('err-code'), VONAGE_DLR_CODES),
    );
  };
}

type Fields = ReadonlyMap<string, string>;

function readFields({ query, contentType, body }: IncomingReceipt): Fields {
  if (body.length === 0) return new Map(new URLSearchParams(query));
  const text = body.toString('utf8');
  if (!contentType.startsWith('application/json')) return new Map(new URLSearchParams(text));
  // No JSON after all: nothing that could be signed.
  return new Map(Object.entries(parseJson(text) ?? {}).map(([name, value]) => [name, textOf(value)]));
}

function isSignedBy({ signatureSecret, signatureMethod }: VonageReceiptAccount, fields: Fields): boolean {
  const expected = signVonageFields(fields, signatureSecret.reveal(), signatureMethod);
  return isSameText((fields.get('sig') ?? '').toLowerCase(), expected);
}

/**
 * Each field but `sig`, sorted by name, as `&name=value` with `&` and `=` in the value replaced by `_`: hashed with the
 * secret behind it, or under it as a key. Hex. Source: https://developer.vonage.com/en/getting-started/concepts/signing-messages
 */
function signVonageFields(fields: Fields, secret: string, method: VonageSignatureMethod): string {
  const text = [...fields]
    .filter(([name]) => name !== 'sig')
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, value]) => `&${name}=${value.replace(/[&=]/g, '_')}`)
    .join('');
  if (method === 'md5hash')
    return createHash('md5')
      .update(text + secret)
      .digest('hex');
  return createHmac(method, secret).update(text).digest('hex');
}
