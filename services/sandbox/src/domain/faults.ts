import type { Channel } from '@watchword/contracts';
import { PROVIDERS, type Provider, type ProviderCode } from './provider.ts';
import type { ReceiptScript } from './receipts.ts';

/** How a simulated provider treats a call. All but `ok` and `lost_answer` keep the message out of the inbox. */
export const FAULT_MODES = ['ok', 'down', 'throttle', 'auth', 'reject', 'hang', 'reset', 'lost_answer'] as const;
export type FaultMode = (typeof FAULT_MODES)[number];

export interface Fault {
  readonly mode: FaultMode;
  /** Of a provider that carries several, the one that it holds for; without it, all. */
  readonly channel?: Channel;
  /** Calls it still holds for, then `ok`; without it, until changed. */
  readonly count?: number;
  readonly delayMs: number;
  /** Stands in for the provider's own error code in `throttle`, `auth` and `reject`. */
  readonly code?: ProviderCode;
  /** What is told later of the messages it takes; without it, that they were delivered. */
  readonly receipt?: ReceiptScript;
}

export const NO_FAULT: Fault = { mode: 'ok', delayMs: 0 };

export interface Faults {
  /** The fault for one call, which uses up one of its `count`. */
  take(provider: Provider, channel: Channel): Fault;
  current(provider: Provider): Fault;
  set(provider: Provider, fault: Fault): void;
  /** Every provider is `ok` again. */
  clear(): void;
  /** Calls back after every change, a used-up call included; returns the end of it. */
  subscribe(onChange: () => void): () => void;
}

export function createFaults(): Faults {
  const faults = new Map<Provider, Fault>();
  const subscribers = new Set<() => void>();
  const current = (provider: Provider) => faults.get(provider) ?? NO_FAULT;
  const change = (provider: Provider, fault: Fault) => {
    faults.set(provider, fault);
    for (const onChange of subscribers) onChange();
  };
  return {
    current,
    set: change,
    take(provider, channel) {
      const fault = current(provider);
      if (fault.channel !== undefined && fault.channel !== channel) return NO_FAULT;
      if (fault.count !== undefined) {
        change(provider, fault.count > 1 ? { ...fault, count: fault.count - 1 } : NO_FAULT);
      }
      return fault;
    },
    clear() {
      for (const provider of PROVIDERS) change(provider, NO_FAULT);
    },
    subscribe(onChange) {
      subscribers.add(onChange);
      return () => subscribers.delete(onChange);
    },
  };
}
