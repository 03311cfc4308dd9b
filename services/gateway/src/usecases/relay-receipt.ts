import type { ReceiptCall, ReceiptProvider } from '@watchword/contracts';
import type { Clock } from '@watchword/platform';
import { keylessContext } from '../hop/keyless-context.ts';
import type { Hop, HopOutcome } from '../ports.ts';

/** A provider's call; whether it is genuine only otp can tell. */
export interface RelayedReceipt {
  readonly requestId: string;
  readonly provider: ReceiptProvider;
  /** What its URL ends with. */
  readonly reference: string;
  readonly call: ReceiptCall;
}

/** `unanswered`: nobody knows whether it was applied; a repeat of it does no harm. */
export type RelayReceipt = (receipt: RelayedReceipt) => Promise<HopOutcome>;

export interface RelayReceiptDeps {
  readonly hop: Hop;
  readonly clock: Clock;
  readonly requestTimeoutMs: number;
  /** Anyone can call: above this many at once the next is turned away, so that a flood leaves the hop to the API. */
  readonly receiptsInFlightMax: number;
}

/** Hands a receipt over the signed hop, in an envelope that the signature covers whole. */
export function createRelayReceipt(deps: RelayReceiptDeps): RelayReceipt {
  const { hop, clock, requestTimeoutMs: timeLeftMs, receiptsInFlightMax } = deps;
  let receiptsInFlight = 0;
  return async function relayReceipt({ requestId, provider, reference, call }) {
    if (receiptsInFlight >= receiptsInFlightMax)
      return { outcome: 'unanswered', reason: 'too many receipts in flight', isSent: false };
    receiptsInFlight += 1;
    try {
      const deadline = Math.round(clock.serverNow()) + timeLeftMs;
      // Nobody's key stands behind it: what its URL names says whose it is.
      const context = keylessContext(requestId, deadline);
      const path = `/receipts/${provider}/${reference}`;
      return await hop.forward({ method: 'POST', path, body: JSON.stringify(call), context, timeLeftMs });
    } finally {
      receiptsInFlight -= 1;
    }
  };
}
