import type { DeliveryConfig } from '@watchword/contracts';

type Costs = DeliveryConfig['providers'][number]['costMicros'];

/** What one message to a country costs, in millionths of the platform's currency; undefined when nobody has said. */
export function costOf(costMicros: Costs, country: string | undefined): number | undefined {
  const isOwn = country !== undefined && Object.hasOwn(costMicros, country);
  return isOwn ? costMicros[country] : costMicros['*'];
}
