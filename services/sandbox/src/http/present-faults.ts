import type { Fault, Faults } from '../domain/faults.ts';
import { PROVIDERS } from '../domain/provider.ts';
import type { ReceiptScript } from '../domain/receipts.ts';

/** A fault in the API's names. `count` is what is left of it. */
export function presentFault({ mode, channel, count, delayMs, code, receipt }: Fault) {
  return {
    mode,
    ...(channel === undefined ? {} : { channel }),
    ...(count === undefined ? {} : { count }),
    delay_ms: delayMs,
    ...(code === undefined ? {} : { code }),
    ...(receipt === undefined ? {} : { receipt: presentReceipt(receipt) }),
  };
}

function presentReceipt({ mode, code, delayMs }: ReceiptScript) {
  return {
    mode,
    ...(code === undefined ? {} : { code }),
    ...(delayMs === undefined ? {} : { delay_ms: delayMs }),
  };
}

/** The present fault of every provider. */
export function presentFaults(faults: Faults) {
  return Object.fromEntries(PROVIDERS.map((provider) => [provider, presentFault(faults.current(provider))]));
}
