import type { ProviderCode } from './provider.ts';

/** What a provider tells later of a message it took. */
export const RECEIPT_MODES = [
  'delivered',
  'read',
  'undelivered',
  'no_receipt',
  'late_receipt',
  'duplicate_receipt',
  'early_receipt',
  'out_of_order',
  'bad_signature',
] as const;
export type ReceiptMode = (typeof RECEIPT_MODES)[number];

export interface ReceiptScript {
  readonly mode: ReceiptMode;
  /** Stands in for the provider's own error code in `undelivered`. */
  readonly code?: ProviderCode;
  /** Before the first receipt. */
  readonly delayMs?: number;
}

export type ReceiptWord = 'sent' | 'delivered' | 'read' | 'undelivered';

/** One receipt of a message. */
export interface ReceiptStep {
  readonly word: ReceiptWord;
  /** After acceptance, or after the receipt before it. */
  readonly afterMs: number;
  readonly code: ProviderCode | undefined;
  readonly isForged: boolean;
}

const WORDS: Readonly<Record<ReceiptMode, readonly ReceiptWord[]>> = {
  delivered: ['sent', 'delivered'],
  read: ['sent', 'delivered', 'read'],
  undelivered: ['sent', 'undelivered'],
  no_receipt: [],
  late_receipt: ['sent', 'delivered'],
  duplicate_receipt: ['sent', 'sent', 'delivered', 'delivered'],
  early_receipt: ['sent', 'delivered'],
  out_of_order: ['delivered', 'sent'],
  bad_signature: ['sent', 'delivered'],
};

const SOON_MS = 50;
const LATE_MS = 5_000;
const FIRST_AFTER_MS: Partial<Record<ReceiptMode, number>> = { late_receipt: LATE_MS, early_receipt: 0 };

/** The receipts of one message, in order; of a provider without a word for a step, those that it has one for. */
export function planReceipts({ mode, code, delayMs }: ReceiptScript, tells: readonly ReceiptWord[]): ReceiptStep[] {
  const first = delayMs ?? FIRST_AFTER_MS[mode] ?? SOON_MS;
  return WORDS[mode]
    .filter((word) => tells.includes(word) || mode === 'out_of_order')
    .map((word, index) => ({
      word,
      afterMs: index === 0 ? first : SOON_MS,
      isForged: mode === 'bad_signature',
      code,
    }));
}
