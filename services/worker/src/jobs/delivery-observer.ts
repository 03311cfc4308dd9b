import {
  attemptSeconds,
  circuitTransitionsTotal,
  type Logger,
  possibleDuplicatesTotal,
  type Registry,
} from '@watchword/platform';
import type { DeliveryObserver } from '../ports.ts';

const CHANNEL = 'sms';

/** Turns what happens inside jobs into metrics and log lines. */
export function createDeliveryObserver(registry: Registry, logger: Logger): DeliveryObserver {
  const seconds = attemptSeconds(registry);
  const transitions = circuitTransitionsTotal(registry);
  const duplicates = possibleDuplicatesTotal(registry);
  return {
    attempted({ provider, mode, outcome, class: rejection = '', ms }) {
      if (provider === null) return;
      seconds.observe({ provider, mode, channel: CHANNEL, outcome, class: rejection }, ms / 1000);
    },
    stale(attempt) {
      logger.warn(
        { attempt: attempt.id, delivery: attempt.deliveryId },
        'settlement changed nothing: the delivery was claimed anew or has ended',
      );
    },
    possibleDuplicate(attempt, reason) {
      duplicates.inc({ channel: CHANNEL, reason });
      logger.info({ attempt: attempt.id, reason }, 'an attempt that may double a message');
    },
    circuitMoved({ name: provider, mode, id }, { from, to, reason, ms }) {
      transitions.inc({ provider, mode, to, reason });
      const line = { provider, ...(id === undefined ? {} : { provider_id: id }), mode, from, to, reason };
      if (from === 'closed') logger.warn({ ...line, ms_since_first_failure: ms }, 'circuit opened');
      else if (to === 'open') logger.warn({ ...line, ms_since_opened: ms }, 'circuit opened again');
      else logger.info({ ...line, ms_since_opened: ms }, `circuit ${TOLD[to]}`);
    },
    recordFailed({ name: provider, mode, id }, error) {
      logger.warn(
        { err: error, provider, ...(id === undefined ? {} : { provider_id: id }), mode },
        "a provider's health was not recorded",
      );
    },
    settleFailed(attempt, error) {
      logger.warn({ err: error, attempt: attempt.id }, 'an attempt is not settled yet');
    },
  };
}

const TOLD = { half_open: 'half open', recovering: 'recovering', closed: 'closed', open: 'open' } as const;
