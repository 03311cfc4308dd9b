import type { Channel } from '@watchword/contracts';

export interface RouteMatch {
  readonly channel: Channel;
  /** A number prefix such as `+4479`, a country, or `*`. */
  readonly match: string;
}

export interface RoutedNumber {
  /** Empty for an address that is no phone number: no prefix is its. */
  readonly e164: string;
  /** ISO 3166-1, or a calling code; undefined when nobody knows. */
  readonly country: string | undefined;
}

/** The route that a number takes: the longest prefix of it, then its country, then `*`. */
export function routeFor<R extends RouteMatch>(
  routes: readonly R[],
  channel: Channel,
  { e164, country }: RoutedNumber,
): R | undefined {
  const ofChannel = routes.filter((route) => route.channel === channel);
  const [longest] = ofChannel
    .filter(({ match }) => match.startsWith('+') && e164.startsWith(match))
    .toSorted((left, right) => right.match.length - left.match.length);
  return longest ?? ofChannel.find(({ match }) => match === country) ?? ofChannel.find(({ match }) => match === '*');
}
