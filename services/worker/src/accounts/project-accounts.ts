import {
  type Account,
  AccountUnusable,
  type AttemptResult,
  accountReference,
  kindOf,
  type OutgoingMessage,
  type ProjectProvider,
  type ProviderAdapter,
  type SandboxTokenOf,
  type Surroundings,
} from '@watchword/delivery';
import type { Logger } from '@watchword/platform';
import type { Sealer } from '@watchword/verifications';
import { z } from 'zod';

export interface ProjectAccountsDeps {
  readonly sealer: Pick<Sealer, 'unseal'>;
  /** By kind: the live accounts of one may be reached at another base URL. */
  readonly surroundingsOf: (kind: ProjectProvider['kind']) => Omit<Surroundings, 'reference'>;
  readonly sandboxTokenOf: SandboxTokenOf;
  readonly logger: Logger;
  /** Adapters that are held; the one that was used longest ago makes room. */
  readonly most?: number;
  readonly createProvider?: (
    kind: ProjectProvider['kind'],
    account: Account,
    surroundings: Surroundings,
  ) => ProviderAdapter;
}

export type ProjectAccounts = ReturnType<typeof createProjectAccounts>;

interface Held {
  source: ProjectProvider;
  readonly fingerprint: string;
  /** Null with the reason when the account cannot be used. */
  readonly adapter: ProviderAdapter | null;
  readonly unusable: string;
  calls: number;
  isRetired: boolean;
}

const MOST = 1_000;
const credentialsSchema = z.record(z.string(), z.string());

/**
 * The adapters of the projects' own accounts. One is made at its first message, stays while the provider's settings and
 * credentials do, and is closed behind its last call. An account that cannot be used is told of once, and its attempts are
 * `configuration` failures: another provider may still deliver, and its circuit opens.
 */
export function createProjectAccounts(deps: ProjectAccountsDeps) {
  const { sealer, surroundingsOf, sandboxTokenOf, logger, most = MOST } = deps;
  const createProvider = deps.createProvider ?? ((kind, ...rest) => kindOf(kind).createProvider(...rest));
  /** By provider id, the one that was used longest ago first. */
  const held = new Map<string, Held>();

  function accountOf({ id, mode, settings, credentials }: ProjectProvider): Account {
    if (mode === 'test') return { mode, settings, sandboxToken: sandboxTokenOf(id) };
    const text = sealer.unseal(Buffer.from(credentials, 'base64'), id, 'credentials');
    return { mode, settings, credentials: credentialsSchema.parse(JSON.parse(text)) };
  }

  function make(provider: ProjectProvider, project: string, fingerprint: string): Held {
    const made = { source: provider, fingerprint, calls: 0, isRetired: false };
    const { id, kind } = provider;
    try {
      const surroundings = { ...surroundingsOf(kind), reference: accountReference({ project, id }) };
      const adapter = createProvider(kind, accountOf(provider), surroundings);
      return { ...made, adapter, unusable: '' };
    } catch (error) {
      // Its error may hold a credential; only what is known to hold none is told.
      const isOfFields = error instanceof AccountUnusable;
      const reason = isOfFields ? error.message : error instanceof Error ? error.name : 'unknown';
      logger.error({ provider: id, kind, reason }, "a project's provider cannot be used");
      return { ...made, adapter: null, unusable: isOfFields ? 'account_unusable' : 'credentials_unreadable' };
    }
  }

  function holdingOf(provider: ProjectProvider, project: string): Held {
    const known = held.get(provider.id);
    if (known?.source === provider) return touch(known);
    const fingerprint = JSON.stringify([provider.kind, provider.mode, provider.settings, provider.credentials]);
    if (known?.fingerprint === fingerprint) {
      known.source = provider;
      return touch(known);
    }
    if (known !== undefined) retire(known);
    const made = touch(make(provider, project, fingerprint));
    const [oldest] = held.values();
    if (held.size > most && oldest !== undefined) retire(oldest);
    return made;
  }

  function touch(one: Held): Held {
    held.delete(one.source.id);
    held.set(one.source.id, one);
    return one;
  }

  function retire(one: Held): void {
    held.delete(one.source.id);
    one.isRetired = true;
    void closeBehindCalls(one);
  }

  async function closeBehindCalls({ adapter, source, calls, isRetired }: Held): Promise<void> {
    if (!isRetired || calls > 0 || adapter === null) return;
    try {
      await adapter.close();
    } catch {
      // Nothing uses it any more, and its error may hold a credential.
      logger.warn({ provider: source.id }, "a project's provider was not closed");
    }
  }

  return {
    /** Never rejects, as the adapters do not. */
    async send(provider: ProjectProvider, project: string, message: OutgoingMessage): Promise<AttemptResult> {
      const one = holdingOf(provider, project);
      if (one.adapter === null) return { outcome: 'rejected', class: 'configuration', providerCode: one.unusable };
      one.calls += 1;
      try {
        return await one.adapter.send(message);
      } finally {
        one.calls -= 1;
        void closeBehindCalls(one);
      }
    },

    /** Whether it tells later what became of a message. */
    expectsReceipt: (provider: ProjectProvider, project: string): boolean =>
      holdingOf(provider, project).adapter?.givesReceipts ?? false,

    async close(): Promise<void> {
      const all = [...held.values()];
      held.clear();
      await Promise.all(all.map((one) => closeBehindCalls({ ...one, calls: 0, isRetired: true })));
    },
  };
}
