import { type ChangeProvider, type Channel, type CreateProvider, PROVIDERS_MAX } from '@watchword/contracts';
import { AppError, type HopContext } from '@watchword/platform';
import type { ProviderDocument } from '@watchword/records';
import { type Sealer, unsealIfHeld } from '@watchword/verifications';
import { carriedChannels } from '../domain/carried-channels.ts';
import { requireReach } from '../domain/grants.ts';
import { newId } from '../domain/new-id.ts';
import { toProvider } from '../domain/provider-answer.ts';
import { requireProviderFields, requireSamePlace } from '../domain/provider-fields.ts';
import { requirePublicHosts } from '../domain/public-hosts.ts';
import { refuseField } from '../domain/refusals.ts';
import { WEB_OFF } from '../domain/whatsapp-web-off.ts';
import type { ConfigurationStore, ResolveHost } from '../ports.ts';
import { type ChangeResourceDeps, createChangeResource } from './change-resource.ts';

export interface ProvidersDeps extends ChangeResourceDeps {
  readonly configuration: Pick<ConfigurationStore, 'providers' | 'policies' | 'routes'>;
  readonly platformChannels: readonly Channel[];
  readonly sealer: Sealer;
  readonly isWhatsAppWebOn: boolean;
  readonly resolveHost: ResolveHost;
  readonly endPairing: (provider: ProviderDocument) => Promise<void>;
}

type Fields = Readonly<Record<string, string>>;

export function createProviderUseCases(deps: ProvidersDeps) {
  const { configuration, platformChannels, isWhatsAppWebOn, sealer, resolveHost, endPairing } = deps;

  const seal = (id: string, credentials: Fields) => {
    const sealed = sealer.seal(JSON.stringify(credentials), id, 'credentials');
    return { credentials: sealed, seal_key: sealed[0] ?? 0 };
  };

  /** Undefined when the key that they were sealed under was retired. */
  function unseal({ id, credentials }: ProviderDocument): Fields | undefined {
    const text = unsealIfHeld(sealer, credentials, id, 'credentials');
    return text === undefined ? undefined : (JSON.parse(text) as Fields);
  }

  const toAnswer = (provider: ProviderDocument) => toProvider(provider, Object.keys(unseal(provider) ?? {}));

  /** At the sandbox any fields will do, and no host of theirs is called. */
  async function requireFields(of: Pick<ProviderDocument, 'kind' | 'mode'>, settings: Fields, credentials: Fields) {
    if (of.kind === 'baileys' && of.mode === 'live' && !isWhatsAppWebOn)
      throw refuseField('invalid_request', '/kind', WEB_OFF);
    requireProviderFields(of.kind, of.mode, settings, credentials);
    if (of.mode === 'live') await requirePublicHosts(settings, resolveHost);
  }

  const providers = createChangeResource(
    {
      noun: 'provider',
      plural: 'providers',
      most: PROVIDERS_MAX,
      shelf: configuration.providers,
      toAnswer,
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
    toAnswer,
    read: providers.read,

    createProvider: (wanted: CreateProvider, context: HopContext): Promise<ProviderDocument> =>
      providers.create(context, async (now) => {
        const { name, kind, mode, settings = {}, credentials = {}, cost_micros = {}, sends_per_second = null } = wanted;
        requireReach(mode, context);
        await requireFields({ kind, mode }, settings, credentials);
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
          sends_per_second,
          ...dates,
        };
      }),

    changeProvider: (id: string, wanted: ChangeProvider, context: HopContext): Promise<ProviderDocument> =>
      providers.change(context, id, async (known) => {
        requireReach(known.mode, context);
        const { name = known.name, settings = known.settings, cost_micros = known.cost_micros } = wanted;
        const { sends_per_second = known.sends_per_second } = wanted;
        const credentials = wanted.credentials ?? unseal(known);
        if (credentials === undefined) {
          throw new AppError('invalid_request', {
            detail: '/credentials: their key was retired, so they must be given again',
            errors: [{ pointer: '/credentials', detail: 'their key was retired, so they must be given again' }],
          });
        }
        await requireFields(known, settings, credentials);
        const isCarriedAlong = wanted.credentials === undefined && Object.keys(credentials).length > 0;
        if (known.mode === 'live' && isCarriedAlong) requireSamePlace(known.settings, settings);
        return {
          name,
          settings,
          cost_micros,
          sends_per_second,
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
      providers.remove(context, id, async (known) => {
        requireReach(known.mode, context);
        await requireUnused(known);
        // Before it is gone: a session that is left behind by a crash would be named by nothing.
        await endPairing(known);
      }),
  };
}
