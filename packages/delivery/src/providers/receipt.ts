import type { Mode, ReceiptCall, ReceiptProvider, ReceiptStatus } from '@watchword/contracts';
import type { Health } from './provider.ts';
import type { Verdict } from './verdict.ts';

/** A provider's call on a receipt URL, as it arrived at the gateway. */
export interface IncomingReceipt extends Omit<ReceiptCall, 'body'> {
  readonly attemptId: string;
  /** The public URL that was called, with its query: a signature may cover it. Null when nobody said what it is. */
  readonly url: string | null;
  readonly body: Buffer;
}

/** What a receipt says in our words, and which account signed it. */
export interface ReadReceipt {
  readonly mode: Mode;
  /** Names the account's circuit. */
  readonly circuit: string;
  readonly status: ReceiptStatus;
  /** The provider's own error code; never text. */
  readonly providerCode?: string;
  /** What it says of the provider. */
  readonly health: Health;
}

/** Null when none of the provider's accounts signed this call for this attempt. */
export type ReadReceiptCall = (call: IncomingReceipt) => ReadReceipt | null;

/** Where a provider tells what became of an attempt; below the public base URL. */
export const receiptPath = (provider: ReceiptProvider, attemptId: string) => `/receipts/${provider}/${attemptId}`;

/** This host, or a name without a dot, which only a container network knows. */
const LOCAL = /^([^.:[\]]+|127(\.\d{1,3}){3}|\[::1\])$/;
const isLocal = (url: string) => LOCAL.test(new URL(url).hostname);

/** The base URL to ask for receipts at; undefined when there is none that the provider could reach. */
export function reachableReceiptsUrl(receiptsUrl: string | undefined, providerUrl: string): string | undefined {
  if (receiptsUrl === undefined || (isLocal(receiptsUrl) && !isLocal(providerUrl))) return undefined;
  return receiptsUrl;
}

const CODE = /^[1-9]\d{0,5}$/;

/** Puts a receipt's parts together. `codes` says what an error code means: only the provider's own faults tell against it. */
export function toReadReceipt(
  { mode, circuit }: Pick<ReadReceipt, 'mode' | 'circuit'>,
  status: ReceiptStatus,
  code: string | undefined,
  codes: ReadonlyMap<string, Verdict>,
): ReadReceipt {
  const providerCode = code !== undefined && CODE.test(code) ? { providerCode: code } : {};
  return { mode, circuit, status, ...providerCode, health: healthOfReceipt(status, codes.get(code ?? '')) };
}

function healthOfReceipt(status: ReceiptStatus, verdict: Verdict | undefined): Health {
  if (status === 'delivered' || status === 'read') return 'healthy';
  return status === 'undelivered' && (verdict === 'configuration' || verdict === 'transient') ? 'unhealthy' : 'neutral';
}
