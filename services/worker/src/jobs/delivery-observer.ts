import { meaningOf } from '@watchword/delivery';
import {
  attemptSeconds,
  circuitTransitionsTotal,
  type Logger,
  possibleDuplicatesTotal,
  type Registry,
} from '@watchword/platform';
import type { CircuitOwner, DeliveryObserver } from '../ports.ts';

/** Turns what happens inside jobs into metrics and log lines. */
export function createDeliveryObserver(registry: Registry, logger: Logger): DeliveryObserver {
  const seconds = attemptSeconds(registry);
  const transitions = circuitTransitionsTotal(registry);
  const duplicates = possibleDuplicatesTotal(registry);
  return {
    attempted({ provider, providerId, mode, channel, outcome, class: rejection = '', providerCode = '', ms }) {
      if (provider === null) return;
      seconds.observe({ provider, mode, channel, outcome, class: rejection }, ms / 1000);
      if (rejection !== 'configuration') return;
      // Few: the circuit opens behind some of them.
      const account = { provider, ...(providerId === undefined ? {} : { provider_id: providerId }), mode, channel };
      const meaning = meaningOf(provider, providerCode) ?? 'a provider refused for a fault of our set-up';
      logger.warn({ ...account, provider_code: providerCode }, meaning);
    },
    stale(attempt) {
      logger.warn(
        { attempt: attempt.id, delivery: attempt.deliveryId },
        'settlement changed nothing: the delivery was claimed anew or has ended',
      );
    },
    possibleDuplicate({ attempt, channel }, reason) {
      duplicates.inc({ channel, reason });
      logger.info({ attempt: attempt.id, channel, reason }, 'an attempt that may double a message');
    },
    circuitMoved(account, { from, to, reason, ms }) {
      const { name: provider, mode, channel } = account;
      transitions.inc({ provider, mode, channel, to, reason });
      const line = { ...lineOf(account), from, to, reason };
      if (from === 'closed') logger.warn({ ...line, ms_since_first_failure: ms }, 'circuit opened');
      else if (to === 'open') logger.warn({ ...line, ms_since_opened: ms }, 'circuit opened again');
      else logger.info({ ...line, ms_since_opened: ms }, `circuit ${TOLD[to]}`);
    },
    recordFailed(account, error) {
      logger.warn({ err: error, ...lineOf(account) }, "a provider's health was not recorded");
    },
    settleFailed(attempt, error) {
      logger.warn({ err: error, attempt: attempt.id }, 'an attempt is not settled yet');
    },
  };
}

const lineOf = ({ name: provider, mode, channel, id }: CircuitOwner) => ({
  provider,
  ...(id === undefined ? {} : { provider_id: id }),
  mode,
  channel,
});

const TOLD = { half_open: 'half open', recovering: 'recovering', closed: 'closed', open: 'open' } as const;
