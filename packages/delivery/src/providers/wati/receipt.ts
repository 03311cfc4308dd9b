import { fieldOf, numericCode, parseJson } from '../json-fields.ts';
import { isMessageId } from '../message-id.ts';
import { type ReadReceipt, type ReadReceiptCall, statusTable, toReadReceipt } from '../receipt.ts';
import { isSameText } from '../same-text.ts';
import { WHATSAPP_CODES } from '../whatsapp-cloud/error-table.ts';
import type { WatiReceiptAccount } from './config.ts';

/** `eventType` in our words, in lower case and without the version at its end. A reply shows that it was read. */
const EVENTS = statusTable({
  templatemessagesent: 'sent',
  sentmessagedelivered: 'delivered',
  sentmessageread: 'read',
  sentmessagereplied: 'read',
  templatemessagefailed: 'undelivered',
});

/**
 * Reads WATI's calls on an account's receipt URL. WATI signs nothing: the URL ends with a secret that only the account's
 * settings at WATI hold. Its calls repeat nothing of ours either, so each tells of a message by WATI's id (`localMessageId`),
 * and the message map knows the attempt. Source: https://docs.wati.io/reference/template-message-failed, as of 2026-11-21.
 */
export function createWatiReceiptReader(accounts: readonly WatiReceiptAccount[]): ReadReceiptCall {
  return function readWatiCall({ method, reference, body }) {
    const end = reference.lastIndexOf('.');
    const [name, secret] = [reference.slice(0, Math.max(0, end)), reference.slice(end + 1)];
    const account = accounts.find(
      (candidate) => candidate.reference === name && isSameText(secret, candidate.webhookSecret.reveal()),
    );
    if (account === undefined || method !== 'POST') return null;
    const told = parseJson(body.toString('utf8'));
    const events: readonly unknown[] = Array.isArray(told) ? told : [told];
    return { kind: 'receipts', receipts: events.flatMap((event) => readEvent(event, account)) };
  };
}

/** Nothing for an event of another sort: one URL hears all that its settings at WATI name. */
function readEvent(event: unknown, account: WatiReceiptAccount): ReadReceipt[] {
  const type = fieldOf(event, 'eventType');
  const messageId = fieldOf(event, 'localMessageId') ?? fieldOf(event, 'id');
  if (typeof type !== 'string' || !isMessageId(messageId)) return [];
  const status = EVENTS.get(type.toLowerCase().replace(/(_v\d)?(_bsuid)?$/, ''));
  if (status === undefined) return [];
  const code = numericCode(fieldOf(event, 'failedCode'));
  return [toReadReceipt({ account: account.circuit, messageId }, account, status, code, WHATSAPP_CODES)];
}
