import { Registry } from 'prom-client';
import * as definitions from './metrics.ts';

export interface MetricDescription {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly help: string;
}

/** What each definition of the registry's one file takes; none is read before a scrape. */
type Define = (registry: Registry, read: () => never) => unknown;

/** Every metric of ours, as it is defined, and those of the process that each service has. */
export function describeMetrics(): { ours: MetricDescription[]; ofProcess: MetricDescription[] } {
  const { createRegistry, ...ours } = definitions;
  const registry = new Registry();
  for (const define of Object.values(ours) as Define[]) {
    define(registry, () => {
      throw new Error('a description reads no figures');
    });
  }
  const byName = (left: MetricDescription, right: MetricDescription) => left.name.localeCompare(right.name, 'en');
  return { ours: describe(registry).toSorted(byName), ofProcess: describe(createRegistry('any')) };
}

/** prom-client has the labels of a metric at run time; its types leave them out. */
function describe(registry: Registry): MetricDescription[] {
  const metrics = registry.getMetricsAsArray() as unknown as (MetricDescription & { labelNames: string[] })[];
  return metrics.map(({ name, type, labelNames, help }) => ({ name, type, labels: labelNames, help }));
}
