import type { Mode, ReceiptCall, ReceiptProvider, ReceiptStatus } from '@watchword/contracts';
import type { Health } from './provider.ts';
import type { Verdict } from './verdict.ts';

/** A provider's call on a receipt URL, as it arrived at the gateway. */
export interface IncomingReceipt extends Omit<ReceiptCall, 'body'> {
  /** What the URL ends with (`RECEIPT_REFERENCE_PATTERN`). */
  readonly reference: string;
  /** The public URL that was called, with its query: a signature may cover it. Null when nobody said what it is. */
  readonly url: string | null;
  readonly body: Buffer;
}

/** Which attempt a receipt tells of: its id, or the message's id at a provider that repeats nothing of ours. */
export type ReceiptOf = { readonly attemptId: string } | { readonly account: string; readonly messageId: string };

/** What a receipt says in our words, and which account signed it. */
export interface ReadReceipt {
  readonly of: ReceiptOf;
  readonly mode: Mode;
  /** Names the account's circuit. */
  readonly circuit: string;
  readonly status: ReceiptStatus;
  /** The provider's own error code; never text. */
  readonly providerCode?: string;
  /** What it says of the provider. */
  readonly health: Health;
}

/** What a genuine call says: of any number of attempts, or the word that is to be echoed to show that the URL is ours. */
export type ReadCall =
  | { readonly kind: 'receipts'; readonly receipts: readonly ReadReceipt[] }
  | { readonly kind: 'challenge'; readonly echo: string };

/** Null when none of the provider's accounts signed this call, or not for what its URL names. */
export type ReadReceiptCall = (call: IncomingReceipt) => ReadCall | null;

/** Of a call that tells of the one attempt that its URL names. */
export const readOne = (receipt: ReadReceipt): ReadCall => ({ kind: 'receipts', receipts: [receipt] });

/** Where a provider tells what became of an attempt, or of an account's; below the public base URL. */
export const receiptPath = (provider: ReceiptProvider, reference: string) => `/receipts/${provider}/${reference}`;

/** What the receipt URL of an account ends with, for providers that call one URL per account. */
export const accountReference = (account: { readonly project: string; readonly id: string } | 'platform') =>
  account === 'platform' ? account : `${account.project}.${account.id}`;

/** A provider's words for a status, in ours. A map: a word may be any text. */
export const statusTable = (words: Readonly<Record<string, ReceiptStatus>>): ReadonlyMap<string, ReceiptStatus> =>
  new Map(Object.entries(words));

const CODE = /^[1-9]\d{0,5}$/;

/** Puts a receipt's parts together. `codes` says what an error code means: only the provider's own faults tell against it. */
export function toReadReceipt(
  of: ReceiptOf,
  { mode, circuit }: Pick<ReadReceipt, 'mode' | 'circuit'>,
  status: ReceiptStatus,
  code: string | undefined,
  codes: ReadonlyMap<string, Verdict>,
): ReadReceipt {
  const providerCode = code !== undefined && CODE.test(code) ? { providerCode: code } : {};
  return { of, mode, circuit, status, ...providerCode, health: healthOfReceipt(status, codes.get(code ?? '')) };
}

function healthOfReceipt(status: ReceiptStatus, verdict: Verdict | undefined): Health {
  if (status === 'delivered' || status === 'read') return 'healthy';
  return status === 'undelivered' && (verdict === 'configuration' || verdict === 'transient') ? 'unhealthy' : 'neutral';
}
