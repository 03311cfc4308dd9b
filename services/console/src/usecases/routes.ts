import {
  ADDRESS_OF_CHANNEL,
  type ChangeRoute,
  type Channel,
  type CreateRoute,
  type DeliveryConfig,
  ROUTES_MAX,
  type SimulatedRoute,
  type SimulateRoute,
} from '@watchword/contracts';
import { planProviders } from '@watchword/delivery';
import type { HopContext } from '@watchword/platform';
import type { RouteDocument } from '@watchword/records';
import { toRoute } from '../domain/answers.ts';
import { carries } from '../domain/carried-channels.ts';
import { newId } from '../domain/new-id.ts';
import { refuseField } from '../domain/refusals.ts';
import { readSimulatedAddress } from '../domain/simulated-address.ts';
import type { ConfigurationStore } from '../ports.ts';
import { type ChangeResourceDeps, createChangeResource } from './change-resource.ts';

export interface RoutesDeps extends ChangeResourceDeps {
  readonly configuration: Pick<ConfigurationStore, 'routes' | 'providers' | 'snapshot'>;
}

const NOTHING: DeliveryConfig = { providers: [], routes: [], templates: [] };

export function createRouteUseCases({ configuration, ...deps }: RoutesDeps) {
  const routes = createChangeResource(
    {
      noun: 'route',
      plural: 'routes',
      most: ROUTES_MAX,
      shelf: configuration.routes,
      toAnswer: toRoute,
      unique: 'The project has a route for this channel and match already.',
    },
    deps,
  );

  /** Each must be the project's own, and carry the channel. */
  async function requireProviders(
    project: string,
    channel: Channel,
    wanted: RouteDocument['providers'],
  ): Promise<void> {
    const known = new Map((await configuration.providers.ofProject(project)).map((one) => [one.id, one]));
    for (const [index, entry] of wanted.entries()) {
      const provider = known.get(entry.provider);
      const pointer = `/providers/${index}/provider`;
      if (provider === undefined) throw refuseField('no_route', pointer, 'the project has no such provider');
      if (!carries(provider, channel)) {
        throw refuseField('no_route', pointer, `${provider.kind} does not carry ${channel}`);
      }
    }
  }

  return {
    read: routes.read,
    remove: routes.remove,

    createRoute: ({ channel, match, providers }: CreateRoute, context: HopContext): Promise<RouteDocument> =>
      routes.create(context, async (now) => {
        const { project } = context;
        requireMatch(channel, match);
        await requireProviders(project, channel, providers);
        const dates = { created_at: now, updated_at: now, version: 1 };
        return { id: newId('rte', now), project, channel, match, providers, ...dates };
      }),

    changeRoute: (id: string, { providers }: ChangeRoute, context: HopContext): Promise<RouteDocument> =>
      routes.change(context, id, async ({ project, channel }) => {
        await requireProviders(project, channel, providers);
        return { providers };
      }),

    /** Of what is configured; which circuits are open at this moment is not looked at. */
    async simulateRoute(wanted: SimulateRoute, { project, mode: own }: HopContext): Promise<SimulatedRoute> {
      const { mode = own } = wanted;
      const { channel, e164, country } = readSimulatedAddress(wanted.to, wanted.channel);
      const delivery = (await configuration.snapshot(project, deps.now()))?.delivery ?? NOTHING;
      const plan = planProviders(delivery, { channel, mode, e164, country }, 0);
      const found = { channel, country: country ?? null };
      if (plan.source === 'platform') {
        return { ...found, source: 'platform', route: null, match: null, providers: [] };
      }
      const route = delivery.routes.find(({ id }) => id === plan.route);
      const used = new Set(plan.providers.map(({ id }) => id));
      const known = new Map(delivery.providers.map((one) => [one.id, one]));
      const named: RouteDocument['providers'] = route?.providers ?? [...used].map((provider) => ({ provider }));
      const providers = named.flatMap(({ provider: id, weight = null }) => {
        const provider = known.get(id);
        if (provider === undefined) return [];
        const { name, kind, isDraining } = provider;
        const status = isDraining ? ('draining' as const) : ('enabled' as const);
        return [{ id, name, kind, status, weight, is_used: used.has(id) }];
      });
      return { ...found, source: 'project', route: plan.route, match: route?.match ?? null, providers };
    },
  };
}

/** Only a phone number has a prefix and a country. */
function requireMatch(channel: Channel, match: string): void {
  if (match === '*' || ADDRESS_OF_CHANNEL[channel] === 'phone') return;
  throw refuseField('invalid_request', '/match', `must be * for channel ${channel}, whose addresses have no country`);
}
