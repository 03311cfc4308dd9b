import type { DeliveryConfig, ReceiptProvider } from '@watchword/contracts';
import {
  accountReference,
  kindOf,
  type ReadReceiptCall,
  type SandboxTokenOf,
  type SigningAccount,
} from '@watchword/delivery';
import type { ConfigCache, Logger } from '@watchword/platform';
import type { Sealer } from '@watchword/verifications';
import { z } from 'zod';
import type { ReadProjectCall } from '../usecases/apply-receipts.ts';

export interface ReadProjectCallDeps {
  readonly cache: Pick<ConfigCache<'delivery'>, 'fresh' | 'reload'>;
  readonly sealer: Pick<Sealer, 'unseal'>;
  readonly sandboxTokenOf: SandboxTokenOf;
  readonly logger: Logger;
}

const COPY_AGE_MS_MAX = 1_000;
const credentialsSchema = z.record(z.string(), z.string());

/**
 * Reads a receipt call with the accounts of one project. Draining providers count: what they took before is still under way.
 * A call that names an attempt proves by its id that we sent it there, so it is worth a second look at the configuration; one
 * that names an account can be made up by anyone, and finds what was read within the last second.
 */
export function createReadProjectCall(deps: ReadProjectCallDeps): ReadProjectCall {
  const { cache, sealer, sandboxTokenOf, logger } = deps;
  /** Made of a copy once, for each kind that receipts come of. */
  const made = new WeakMap<DeliveryConfig, Map<ReceiptProvider, ReadReceiptCall>>();

  function accountOf(project: string, provider: DeliveryConfig['providers'][number]): SigningAccount[] {
    const { id, kind, mode, settings, credentials } = provider;
    const common = { settings, circuit: id, reference: accountReference({ project, id }) };
    if (mode === 'test') return [{ ...common, mode, sandboxToken: sandboxTokenOf(id) }];
    try {
      const text = sealer.unseal(Buffer.from(credentials, 'base64'), id, 'credentials');
      return [{ ...common, mode, credentials: credentialsSchema.parse(JSON.parse(text)) }];
    } catch (error) {
      // Closed: its receipts are refused. The error may hold a credential.
      const reason = error instanceof Error ? error.name : 'unknown';
      logger.error({ provider: id, kind, reason }, "a project's provider cannot be read; its receipts are refused");
      return [];
    }
  }

  function readerOf(project: string, config: DeliveryConfig, kind: ReceiptProvider): ReadReceiptCall {
    const readers = made.get(config) ?? new Map<ReceiptProvider, ReadReceiptCall>();
    made.set(config, readers);
    const known = readers.get(kind);
    if (known !== undefined) return known;
    const ofKind = config.providers.filter((provider) => provider.kind === kind);
    const reader = kindOf(kind).createReceiptReader(ofKind.flatMap((provider) => accountOf(project, provider)));
    readers.set(kind, reader);
    return reader;
  }

  return async function readProjectCall(kind, project, call, namesAttempt) {
    const held = await cache.fresh(project, COPY_AGE_MS_MAX);
    const read = held.config && readerOf(project, held.config, kind)(call);
    if (read !== null || !namesAttempt) return read;
    // The attempt may be of a provider that is newer than what was held.
    const { epoch, config } = await cache.reload(project);
    return config === null || epoch === held.epoch ? null : readerOf(project, config, kind)(call);
  };
}
