import { type Mode, RECEIPT_PROVIDERS, type ReceiptCall, type ReceiptProvider } from '@watchword/contracts';
import {
  type IncomingReceipt,
  type ReadReceipt,
  type ReadReceiptCall,
  receiptPath,
  type Transition,
} from '@watchword/delivery';
import { AppError, type Logger } from '@watchword/platform';
import type { ReceiptResult } from '@watchword/verifications';
import type { ProviderHealth, ReceiptStore } from '../ports.ts';

/** Reads a receipt with the accounts of the project that its attempt is of, and with nobody else's. */
export type ReadProjectReceipt = (provider: ReceiptProvider, call: IncomingReceipt) => Promise<ReadReceipt | null>;

export interface ApplyReceiptDeps {
  readonly receipts: ReceiptStore;
  /** With the platform's own accounts. */
  readonly readers: Readonly<Record<ReceiptProvider, ReadReceiptCall>>;
  readonly readProjectReceipt: ReadProjectReceipt;
  /** Public base URL of the gateway; without it a signature over the URL is never right. */
  readonly receiptsUrl: string | undefined;
  readonly health: ProviderHealth;
  /** Status is `none` for a receipt that no account signed. */
  readonly onReceipt: (
    provider: ReceiptProvider,
    status: ReadReceipt['status'] | 'none',
    result: ReceiptResult,
  ) => void;
  /** A receipt moved its account's circuit. */
  readonly onTransition: (provider: ReceiptProvider, mode: Mode, transition: Transition) => void;
  readonly logger: Logger;
}

/**
 * Takes a provider's later word on an attempt. A made-up id costs one AES block. Whoever holds a secret of the platform's own
 * accounts may speak of any attempt, so those are tried first, without a question to Redis; then those of the attempt's own
 * project. Fails closed: what none of them signed is `invalid_signature`, and changes nothing.
 */
export function createApplyReceipt(deps: ApplyReceiptDeps) {
  const { receipts, readers, readProjectReceipt, receiptsUrl, health, onReceipt, onTransition, logger } = deps;

  async function tellHealth(provider: ReceiptProvider, { mode, circuit, health: shown }: ReadReceipt): Promise<void> {
    try {
      const seen = await health.observe(circuit, shown);
      if (typeof seen === 'string') return;
      onTransition(provider, mode, seen);
      logger.warn({ provider, mode, circuit, ...seen }, 'receipts moved a circuit');
    } catch (error) {
      // The receipt itself is recorded; a provider asked to repeat it would only hear that it is a duplicate.
      logger.warn({ err: error, provider }, 'what a receipt says of its provider could not be recorded');
    }
  }

  return async function applyReceipt(name: string, attemptId: string, call: ReceiptCall): Promise<ReceiptResult> {
    const provider = RECEIPT_PROVIDERS.find((known) => known === name);
    if (provider === undefined || !receipts.isOurs(attemptId)) {
      throw new AppError('not_found', { detail: 'No attempt has this receipt URL.' });
    }
    const query = call.query === '' ? '' : `?${call.query}`;
    const url = receiptsUrl === undefined ? null : receiptsUrl + receiptPath(provider, attemptId) + query;
    const incoming = { ...call, attemptId, url, body: Buffer.from(call.body, 'base64') };
    const read = readers[provider](incoming) ?? (await readProjectReceipt(provider, incoming));
    const result = read === null ? 'forged' : await receipts.receive({ ...read, attemptId, provider });
    onReceipt(provider, read?.status ?? 'none', result);
    if (read === null || result === 'forged') throw new AppError('invalid_signature');
    if (result === 'applied' || result === 'parked') await tellHealth(provider, read);
    return result;
  };
}

export type ApplyReceipt = ReturnType<typeof createApplyReceipt>;
