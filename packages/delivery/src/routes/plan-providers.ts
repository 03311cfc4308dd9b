import type { Channel, DeliveryConfig, Mode } from '@watchword/contracts';
import { carries } from '../providers/kinds.ts';
import { type RoutedNumber, routeFor } from './route-for.ts';

export type ProjectProvider = DeliveryConfig['providers'][number];

export interface Wanted extends RoutedNumber {
  readonly channel: Channel;
  readonly mode: Mode;
}

/** Who may be called for a message, the first first. */
export type ProviderPlan =
  /** The project has no provider that could: the platform's own send. */
  | { readonly source: 'platform' }
  /** Empty while all that could are draining: nothing is sent then, and nobody else is asked. */
  | { readonly source: 'project'; readonly route: string | null; readonly providers: readonly ProjectProvider[] };

/** One job calls each at most once, so there must be an end to them. */
export const PLANNED_PROVIDERS_MAX = 10;

type Configured = Pick<DeliveryConfig, 'providers' | 'routes'>;

/**
 * The project's own providers of the verification's mode and channel: as the address's route names them, without a route in the
 * order in which they were made. A route that names none of them counts for the other mode only. `draw`, from 0 to below 1,
 * decides by weight who of those with one comes first; the others follow in their order, to fail over to. `factorOf` says what
 * part of its weight a provider keeps at present.
 */
export function planProviders(
  config: Configured,
  wanted: Wanted,
  draw: number,
  factorOf: (provider: ProjectProvider) => number = () => 1,
): ProviderPlan {
  const found = findEntries(config, wanted);
  if (found === null) return { source: 'platform' };
  const entries = found.entries.map((entry) => ({ ...entry, weight: entry.weight * factorOf(entry.provider) }));
  const ordered = byWeight(entries, draw).map(({ provider }) => provider);
  return { source: 'project', route: found.route, providers: ordered.slice(0, PLANNED_PROVIDERS_MAX) };
}

/** Those who share the traffic of a message's route by weight, if there are several. */
export function weighedProviders(config: Configured, wanted: Wanted): readonly ProjectProvider[] {
  const weighed = findEntries(config, wanted)?.entries.filter(({ weight }) => weight > 0) ?? [];
  return weighed.length > 1 ? weighed.map(({ provider }) => provider) : [];
}

/** Null: the project has no provider that could. */
function findEntries(
  { providers, routes }: Configured,
  wanted: Wanted,
): { readonly route: string | null; readonly entries: readonly Entry[] } | null {
  const able = new Map(
    providers
      .filter(({ mode, kind }) => mode === wanted.mode && carries(kind, wanted.channel))
      .map((provider) => [provider.id, provider]),
  );
  if (able.size === 0) return null;
  const route = routeFor(
    routes.filter((one) => one.providers.some(({ provider }) => able.has(provider))),
    wanted.channel,
    wanted,
  );
  const named: DeliveryConfig['routes'][number]['providers'] =
    route?.providers ?? [...able.keys()].map((provider) => ({ provider }));
  const entries = named.flatMap(({ provider: id, weight }): Entry[] => {
    const provider = able.get(id);
    if (provider === undefined || provider.isDraining) return [];
    return [{ provider, weight: weight ?? 0, isWeighted: weight !== undefined }];
  });
  return { route: route?.id ?? null, entries };
}

interface Entry {
  readonly provider: ProjectProvider;
  readonly weight: number;
  readonly isWeighted: boolean;
}

/** Moves the drawn one to where the first that has a weight stands. */
function byWeight(entries: readonly Entry[], draw: number): readonly Entry[] {
  const drawn = drawByWeight(entries, draw);
  if (drawn === undefined) return entries;
  const others = entries.filter((entry) => entry !== drawn);
  return others.toSpliced(
    entries.findIndex(({ isWeighted }) => isWeighted),
    0,
    drawn,
  );
}

/** Undefined when none has a weight above 0. */
function drawByWeight(entries: readonly Entry[], draw: number): Entry | undefined {
  let left = draw * entries.reduce((sum, { weight }) => sum + weight, 0);
  return entries.find(({ weight }) => {
    left -= weight;
    return weight > 0 && left < 0;
  });
}
