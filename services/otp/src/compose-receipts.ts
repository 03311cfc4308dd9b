import {
  createCircuit,
  createTwilioReceiptReader,
  createVonageReceiptReader,
  twilioReceiptAccounts,
  vonageReceiptAccounts,
} from '@watchword/delivery';
import {
  type Clock,
  circuitTransitionsTotal,
  createConfigCache,
  createConfigCopies,
  type Logger,
  type RedisConnection,
  type Registry,
  receiptsTotal,
} from '@watchword/platform';
import { createReceipts, type Sealer } from '@watchword/verifications';
import type { OtpConfig } from './config.ts';
import { createReadProjectReceipt } from './projects/project-receipts.ts';
import { createApplyReceipt } from './usecases/apply-receipt.ts';

interface ReceiptParts {
  readonly config: OtpConfig;
  readonly redis: RedisConnection;
  readonly clock: Clock;
  readonly registry: Registry;
  readonly logger: Logger;
  readonly sealer: Sealer;
}

/** What takes the providers' receipts: their accounts, and the health that receipts feed. */
export function composeReceipts({ config, redis, clock, registry, logger, sealer }: ReceiptParts) {
  const counter = receiptsTotal(registry);
  const transitions = circuitTransitionsTotal(registry);
  const receipts = createReceipts({ redis, clock, idKey: config.ID_KEY });
  return createApplyReceipt({
    receipts,
    readers: {
      twilio: createTwilioReceiptReader(twilioReceiptAccounts(config)),
      vonage: createVonageReceiptReader(vonageReceiptAccounts(config)),
    },
    readProjectReceipt: createReadProjectReceipt({
      receipts,
      cache: createConfigCache({ copies: createConfigCopies(redis), part: 'delivery' }),
      sealer,
      logger,
    }),
    receiptsUrl: config.RECEIPTS_URL,
    // Nothing is permitted here, so no probe is leased.
    health: createCircuit({
      redis,
      clock,
      probeLeaseMs: 0,
      openMs: config.CIRCUIT_OPEN_MS,
      recoveryMs: config.CIRCUIT_RECOVERY_MS,
    }),
    onTransition: (provider, mode, { to, reason }) => transitions.inc({ provider, mode, to, reason }),
    onReceipt: (provider, status, result) => counter.inc({ provider, status, result }),
    logger,
  });
}
