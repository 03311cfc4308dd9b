import { RECEIPT_PROVIDERS, type ReceiptProvider } from '@watchword/contracts';
import {
  createCircuit,
  createMessageMap,
  createSandboxTokens,
  kindOf,
  platformSigningAccounts,
  type ReadReceiptCall,
  type SandboxTokenOf,
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
import { createReadProjectCall } from './projects/project-receipts.ts';
import { createApplyReceipts } from './usecases/apply-receipts.ts';

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
  const sandboxTokenOf = createSandboxTokens(config.ID_KEY);
  return createApplyReceipts({
    receipts: createReceipts({ redis, clock, idKey: config.ID_KEY }),
    messages: createMessageMap({ redis }),
    readers: platformReaders(config, sandboxTokenOf),
    readProjectCall: createReadProjectCall({
      cache: createConfigCache({ copies: createConfigCopies(redis), part: 'delivery' }),
      sealer,
      sandboxTokenOf,
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
    onTransition: ({ provider, mode, channel }, { to, reason }) =>
      transitions.inc({ provider, mode, channel, to, reason }),
    onReceipt: (provider, status, result) => counter.inc({ provider, status, result }),
    logger,
  });
}

function platformReaders(
  config: OtpConfig,
  sandboxTokenOf: SandboxTokenOf,
): Readonly<Record<ReceiptProvider, ReadReceiptCall>> {
  const readerOf = (kind: ReceiptProvider) =>
    kindOf(kind).createReceiptReader(platformSigningAccounts(kind, config, sandboxTokenOf));
  const readers = RECEIPT_PROVIDERS.map((kind) => [kind, readerOf(kind)] as const);
  return Object.fromEntries(readers) as Record<ReceiptProvider, ReadReceiptCall>;
}
