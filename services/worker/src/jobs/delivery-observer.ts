import { attemptSeconds, circuitOpen, type Logger, type Registry } from '@watchword/platform';
import type { DeliveryObserver } from '../ports.ts';

/** Turns what happens inside jobs into metrics and log lines. */
export function createDeliveryObserver(registry: Registry, logger: Logger): DeliveryObserver {
  const seconds = attemptSeconds(registry);
  const open = circuitOpen(registry);
  const isOpen = new Map<string, boolean>();
  const show = (provider: string, value: boolean) => {
    if (isOpen.get(provider) === value) return;
    isOpen.set(provider, value);
    open.set({ provider }, value ? 1 : 0);
  };
  return {
    attempted({ provider, outcome, ms }) {
      if (provider !== null) seconds.observe({ provider, channel: 'sms', outcome }, ms / 1000);
    },
    stale(attempt) {
      logger.warn(
        { attempt: attempt.id, delivery: attempt.deliveryId },
        'settlement changed nothing: the delivery was claimed anew or has ended',
      );
    },
    circuitSeen: show,
    circuitMoved(provider, { kind, ms }) {
      if (kind === 'opened') logger.warn({ provider, ms_since_first_failure: ms }, 'circuit opened');
      else if (kind === 'reopened') logger.warn({ provider, ms_open: ms }, 'circuit stays open: the probe failed');
      else if (kind === 'closed') logger.info({ provider, ms_open: ms }, 'circuit closed');
      if (kind === 'opened' || kind === 'reopened') show(provider, true);
      else if (kind === 'closed') show(provider, false);
    },
    recordFailed({ provider }, error) {
      logger.warn({ err: error, provider }, "a provider's health was not recorded");
    },
    settleFailed(attempt, error) {
      logger.warn({ err: error, attempt: attempt.id }, 'an attempt is not settled yet');
    },
  };
}
