import type { ConfiguredChannel } from '@watchword/contracts';

export interface RouteMatch {
  readonly channel: ConfiguredChannel;
  /** A number prefix such as `+4479`, a country, or `*`. */
  readonly match: string;
}

export interface RoutedNumber {
  readonly e164: string;
  /** ISO 3166-1, or a calling code; undefined when nobody knows. */
  readonly country: string | undefined;
}

/** The route that a number takes: the longest prefix of it, then its country, then `*`. */
export function routeFor<R extends RouteMatch>(
  routes: readonly R[],
  channel: ConfiguredChannel,
  { e164, country }: RoutedNumber,
): R | undefined {
  const ofChannel = routes.filter((route) => route.channel === channel);
  const [longest] = ofChannel
    .filter(({ match }) => match.startsWith('+') && e164.startsWith(match))
    .toSorted((left, right) => right.match.length - left.match.length);
  return longest ?? ofChannel.find(({ match }) => match === country) ?? ofChannel.find(({ match }) => match === '*');
}
