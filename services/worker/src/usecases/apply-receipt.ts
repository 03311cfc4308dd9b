import type { ReadReceipt } from '@watchword/delivery';
import type { Receipts } from '@watchword/verifications';
import type { Circuit, CircuitOwner, DeliveryObserver } from '../ports.ts';

export interface ApplyReceiptDeps {
  readonly receipts: Pick<Receipts, 'receive'>;
  readonly circuit: Pick<Circuit, 'observe'>;
  readonly observer: Pick<DeliveryObserver, 'circuitMoved'>;
}

export type ApplyReceipt = ReturnType<typeof createApplyReceipt>;

/** Takes an account's later word on an attempt; what is new in it is counted into the health of its circuit, too. */
export function createApplyReceipt({ receipts, circuit, observer }: ApplyReceiptDeps) {
  return async function applyReceipt(
    account: CircuitOwner,
    attemptId: string,
    receipt: Omit<ReadReceipt, 'of'>,
  ): Promise<void> {
    const result = await receipts.receive({ ...receipt, attemptId, provider: account.name });
    if (result !== 'applied' && result !== 'parked') return;
    const counted = await circuit.observe(receipt.circuit, receipt.health, attemptId);
    if (typeof counted === 'object') observer.circuitMoved(account, counted);
  };
}
