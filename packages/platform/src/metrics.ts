import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export type { Registry };

const LATENCY_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** One registry per service, so that several live in one process without mixing their figures. */
export function createRegistry(service: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  return registry;
}

/** Requests by route pattern (never by path: ids are no labels). */
export const httpRequestSeconds = (registry: Registry) =>
  new Histogram({
    name: 'watchword_http_request_duration_seconds',
    help: 'Time to answer a request',
    labelNames: ['route', 'method', 'status'],
    buckets: LATENCY_SECONDS,
    registers: [registry],
  });

export const checksTotal = (registry: Registry) =>
  new Counter({
    name: 'watchword_checks_total',
    help: 'Checks judged, by result',
    labelNames: ['result'],
    registers: [registry],
  });

export const sendsTotal = (registry: Registry) =>
  new Counter({
    name: 'watchword_sends_total',
    help: 'Opens and resends, by outcome',
    labelNames: ['outcome'],
    registers: [registry],
  });

export const dueEntriesTotal = (registry: Registry) =>
  new Counter({
    name: 'watchword_due_entries_total',
    help: 'Due entries drained, by what was done',
    labelNames: ['action'],
    registers: [registry],
  });

export const dueLagSeconds = (registry: Registry) =>
  new Gauge({
    name: 'watchword_due_lag_seconds',
    help: 'How late the oldest drained due entry of the last round was',
    registers: [registry],
  });

export const queueJobs = (registry: Registry, read: () => Promise<Record<string, number>>) =>
  new Gauge({
    name: 'watchword_queue_jobs',
    help: 'Jobs in the delivery queue, by state',
    labelNames: ['state'],
    registers: [registry],
    async collect() {
      // A scrape while Redis is away keeps the last figures; readiness tells the rest.
      const counts = await read().catch((): Record<string, number> => ({}));
      for (const [state, count] of Object.entries(counts)) this.set({ state }, count);
    },
  });

export const attemptSeconds = (registry: Registry) =>
  new Histogram({
    name: 'watchword_attempt_duration_seconds',
    help: 'Time of a provider call, by its outcome',
    labelNames: ['provider', 'channel', 'outcome'],
    buckets: LATENCY_SECONDS,
    registers: [registry],
  });

export const deliveriesTotal = (registry: Registry) =>
  new Counter({
    name: 'watchword_deliveries_total',
    help: 'Delivery jobs ended, by result',
    labelNames: ['channel', 'result'],
    registers: [registry],
  });

export const circuitOpen = (registry: Registry) =>
  new Gauge({
    name: 'watchword_circuit_open',
    help: '1 while this worker sees the circuit of a provider open or half open',
    labelNames: ['provider'],
    registers: [registry],
  });
