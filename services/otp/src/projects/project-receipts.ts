import type { DeliveryConfig, ProviderKind } from '@watchword/contracts';
import { kindOf, type ReadReceiptCall, type SigningAccount, sandboxTokenOf } from '@watchword/delivery';
import type { ConfigCache, Logger } from '@watchword/platform';
import type { Sealer } from '@watchword/verifications';
import { z } from 'zod';
import type { ReceiptStore } from '../ports.ts';
import type { ReadProjectReceipt } from '../usecases/apply-receipt.ts';

export interface ReadProjectReceiptDeps {
  readonly receipts: Pick<ReceiptStore, 'projectOf'>;
  readonly cache: Pick<ConfigCache<'delivery'>, 'fresh' | 'reload'>;
  readonly sealer: Pick<Sealer, 'unseal'>;
  readonly logger: Logger;
}

const COPY_AGE_MS_MAX = 1_000;
const credentialsSchema = z.record(z.string(), z.string());

/**
 * Tells whether a receipt is of an account of the project that its attempt is of; of a verification that Redis has forgotten,
 * nobody knows the project, and it is nobody's. Draining providers count: what they took before is still under way.
 */
export function createReadProjectReceipt(deps: ReadProjectReceiptDeps): ReadProjectReceipt {
  const { receipts, cache, sealer, logger } = deps;
  /** Made of a copy once, for each kind that receipts come of. */
  const made = new WeakMap<DeliveryConfig, Map<ProviderKind, ReadReceiptCall>>();

  function accountOf({ id, kind, mode, settings, credentials }: DeliveryConfig['providers'][number]): SigningAccount[] {
    if (mode === 'test') return [{ mode, settings, sandboxToken: sandboxTokenOf(id), circuit: id }];
    try {
      const text = sealer.unseal(Buffer.from(credentials, 'base64'), id, 'credentials');
      return [{ mode, settings, credentials: credentialsSchema.parse(JSON.parse(text)), circuit: id }];
    } catch (error) {
      // Closed: its receipts are refused. The error may hold a credential.
      const reason = error instanceof Error ? error.name : 'unknown';
      logger.error({ provider: id, kind, reason }, "a project's provider cannot be read; its receipts are refused");
      return [];
    }
  }

  function readerOf(config: DeliveryConfig, kind: ProviderKind): ReadReceiptCall {
    const readers = made.get(config) ?? new Map<ProviderKind, ReadReceiptCall>();
    made.set(config, readers);
    const known = readers.get(kind);
    if (known !== undefined) return known;
    const accounts = config.providers.filter((provider) => provider.kind === kind).flatMap(accountOf);
    const reader = kindOf(kind).createReceiptReader(accounts);
    readers.set(kind, reader);
    return reader;
  }

  return async function readProjectReceipt(kind, call) {
    const project = await receipts.projectOf(call.attemptId);
    if (project === null) return null;
    const held = await cache.fresh(project, COPY_AGE_MS_MAX);
    const read = held.config && readerOf(held.config, kind)(call);
    if (read !== null) return read;
    // The attempt may be of a provider that is newer than what was held.
    const { epoch, config } = await cache.reload(project);
    return config === null || epoch === held.epoch ? null : readerOf(config, kind)(call);
  };
}
