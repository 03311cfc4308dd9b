import {
  type ChangeProvider,
  type ConfiguredChannel,
  type CreateProvider,
  PROVIDERS_MAX,
  type Provider,
} from '@watchword/contracts';
import { AppError, type HopContext } from '@watchword/platform';
import type { ProviderDocument } from '@watchword/records';
import { type Sealer, unsealIfHeld } from '@watchword/verifications';
import { datesOf } from '../domain/answers.ts';
import { carriedChannels } from '../domain/carried-channels.ts';
import { requireReach } from '../domain/grants.ts';
import { newId } from '../domain/new-id.ts';
import { requireProviderFields } from '../domain/provider-fields.ts';
import type { ConfigurationStore } from '../ports.ts';
import { type ChangeResourceDeps, createChangeResource } from './change-resource.ts';

export interface ProvidersDeps extends ChangeResourceDeps {
  readonly configuration: Pick<ConfigurationStore, 'providers' | 'policies' | 'routes'>;
  readonly platformChannels: readonly ConfiguredChannel[];
  readonly sealer: Sealer;
}

type Fields = Readonly<Record<string, string>>;

export function createProviderUseCases({ configuration, platformChannels, sealer, ...deps }: ProvidersDeps) {
  const seal = (id: string, credentials: Fields) => {
    const sealed = sealer.seal(JSON.stringify(credentials), id, 'credentials');
    return { credentials: sealed, seal_key: sealed[0] ?? 0 };
  };

  /** Undefined when the key that they were sealed under was retired. */
  function unseal({ id, credentials }: ProviderDocument): Fields | undefined {
    const text = unsealIfHeld(sealer, credentials, id, 'credentials');
    return text === undefined ? undefined : (JSON.parse(text) as Fields);
  }

  const toProvider = (provider: ProviderDocument): Provider => ({
    ...datesOf(provider),
    name: provider.name,
    kind: provider.kind,
    mode: provider.mode,
    status: provider.status,
    settings: { ...provider.settings },
    credentials_set: Object.keys(unseal(provider) ?? {}),
    cost_micros: { ...provider.cost_micros },
  });

  const providers = createChangeResource(
    {
      noun: 'provider',
      plural: 'providers',
      most: PROVIDERS_MAX,
      shelf: configuration.providers,
      toAnswer: toProvider,
      unique: 'The project has a provider of this name already.',
    },
    deps,
  );

  /** Throws `in_use` when a route names it, or a workflow has a step that only it carries. */
  async function requireUnused(known: ProviderDocument): Promise<void> {
    const { project, id } = known;
    const [routes, policies, all] = await Promise.all([
      configuration.routes.ofProject(project),
      configuration.policies.ofProject(project),
      configuration.providers.ofProject(project),
    ]);
    const route = routes.find((one) => one.providers.some(({ provider }) => provider === id));
    if (route) throw new AppError('in_use', { detail: `The route ${route.id} names it: change that first.` });
    const left = carriedChannels(
      platformChannels,
      all.filter((other) => other.id !== id),
    );
    const policy = policies.find(({ rules }) => rules.workflow?.some(({ channel }) => !left.has(channel)));
    if (policy) {
      throw new AppError('in_use', {
        detail: `The workflow of the policy ${policy.id} needs it, and no other provider carries that channel.`,
      });
    }
  }

  return {
    toProvider,
    read: providers.read,

    createProvider: (wanted: CreateProvider, context: HopContext): Promise<ProviderDocument> =>
      providers.create(context, (now) => {
        const { name, kind, mode, settings = {}, credentials = {}, cost_micros = {} } = wanted;
        requireReach(mode, context);
        requireProviderFields(kind, mode, settings, credentials);
        const id = newId('prv', now);
        const dates = { created_at: now, updated_at: now, version: 1 };
        const { project } = context;
        const sealed = seal(id, credentials);
        return {
          id,
          project,
          name,
          kind,
          mode,
          status: 'enabled' as const,
          settings,
          ...sealed,
          cost_micros,
          ...dates,
        };
      }),

    changeProvider: (id: string, wanted: ChangeProvider, context: HopContext): Promise<ProviderDocument> =>
      providers.change(context, id, (known) => {
        requireReach(known.mode, context);
        const { name = known.name, settings = known.settings, cost_micros = known.cost_micros } = wanted;
        const credentials = wanted.credentials ?? unseal(known);
        if (credentials === undefined) {
          throw new AppError('invalid_request', {
            detail: '/credentials: their key was retired, so they must be given again',
            errors: [{ pointer: '/credentials', detail: 'their key was retired, so they must be given again' }],
          });
        }
        requireProviderFields(known.kind, known.mode, settings, credentials);
        return {
          name,
          settings,
          cost_micros,
          ...(wanted.credentials === undefined ? {} : seal(id, wanted.credentials)),
        };
      }),

    /** A stop in an emergency: no question of mode. */
    drainProvider: (id: string, context: HopContext) =>
      providers.turn(context, id, 'drain', () => ({ status: 'draining' })),

    enableProvider: (id: string, context: HopContext) =>
      providers.turn(context, id, 'enable', ({ mode }) => {
        requireReach(mode, context);
        return { status: 'enabled' };
      }),

    deleteProvider: (id: string, context: HopContext) =>
      providers.remove(context, id, (known) => {
        requireReach(known.mode, context);
        return requireUnused(known);
      }),
  };
}
