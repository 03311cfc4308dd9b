import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { within } from './redis/connection.ts';

export type { Registry };

const LATENCY_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** A figure that is read when it is asked for, and its labels. */
interface Sample {
  readonly value: number;
}
export interface QueueSample extends Sample {
  readonly queue: string;
  readonly state?: string;
}
export interface CircuitSample extends Sample {
  readonly provider: string;
  readonly mode: string;
  readonly channel: string;
  readonly state: string;
}

const SCRAPE_READ_MS = 500;

/** While Redis is away nobody knows the figures: none is better than an old one. Readiness tells the rest. */
async function showSamples(gauge: Gauge, reading: Promise<readonly Sample[]>): Promise<void> {
  const samples = await within(SCRAPE_READ_MS, reading).catch((): readonly Sample[] => []);
  gauge.reset();
  for (const { value, ...labels } of samples) gauge.set(labels, value);
}

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

export const digestPoolDigests = (registry: Registry, read: () => { running: number; waiting: number }) =>
  new Gauge({
    name: 'watchword_digest_pool_digests',
    help: 'Code digests running or waiting for their turn',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      const { running, waiting } = read();
      this.set({ state: 'running' }, running);
      this.set({ state: 'waiting' }, waiting);
    },
  });

export const digestPoolRefusedTotal = (registry: Registry, read: () => number) =>
  new Counter({
    name: 'watchword_digest_pool_refused_total',
    help: 'Code digests refused, since they would not have been done in time',
    registers: [registry],
    collect() {
      this.reset();
      this.inc(read());
    },
  });

/** What opening is shed by: from 0.7 on, until below 0.65. */
export const redisMemoryUsedRatio = (registry: Registry, read: () => number | undefined) =>
  new Gauge({
    name: 'watchword_redis_memory_used_ratio',
    help: 'Memory that the fullest Redis primary uses, of its maxmemory; 0 without one',
    registers: [registry],
    collect() {
      const ratio = read();
      if (ratio === undefined) this.remove();
      else this.set(ratio);
    },
  });

export const dueEntriesTotal = (registry: Registry) =>
  new Counter({
    name: 'watchword_due_entries_total',
    help: 'Due entries drained, by what was done',
    labelNames: ['action'],
    registers: [registry],
  });

export const dueLagSeconds = (registry: Registry, read: () => number) =>
  new Gauge({
    name: 'watchword_due_lag_seconds',
    help: 'How late due entries are: the oldest one of the last complete round, or the time since that round when it is longer',
    registers: [registry],
    collect() {
      this.set(read());
    },
  });

export const queueJobs = (registry: Registry, read: () => Promise<readonly QueueSample[]>) =>
  new Gauge({
    name: 'watchword_queue_jobs',
    help: 'Jobs in a queue, by state',
    labelNames: ['queue', 'state'],
    registers: [registry],
    async collect() {
      await showSamples(this, read());
    },
  });

/** The figure to scale workers by. */
export const queueOldestJobAgeSeconds = (registry: Registry, read: () => Promise<readonly QueueSample[]>) =>
  new Gauge({
    name: 'watchword_queue_oldest_job_age_seconds',
    help: 'How long the job that is next in a queue has waited; 0 when none waits',
    labelNames: ['queue'],
    registers: [registry],
    async collect() {
      await showSamples(this, read());
    },
  });

export const attemptSeconds = (registry: Registry) =>
  new Histogram({
    name: 'watchword_attempt_duration_seconds',
    help: 'Time of a provider call, by its outcome; class says whose fault a rejection is',
    labelNames: ['provider', 'mode', 'channel', 'outcome', 'class'],
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

/** Calls that may have doubled a message. */
export const possibleDuplicatesTotal = (registry: Registry) =>
  new Counter({
    name: 'watchword_possible_duplicates_total',
    help: 'Provider calls after one whose outcome nobody knows, by why: unknown or lease_ended',
    labelNames: ['channel', 'reason'],
    registers: [registry],
  });

export const circuitState = (registry: Registry, read: () => Promise<readonly CircuitSample[]>) =>
  new Gauge({
    name: 'watchword_circuit_state',
    help: '1 for the state in which the circuit of a provider is, on a channel that it carries',
    labelNames: ['provider', 'mode', 'channel', 'state'],
    registers: [registry],
    async collect() {
      await showSamples(this, read());
    },
  });

export const circuitTransitionsTotal = (registry: Registry) =>
  new Counter({
    name: 'watchword_circuit_transitions_total',
    help: 'Circuits that changed their state, by the new one and why',
    labelNames: ['provider', 'mode', 'channel', 'to', 'reason'],
    registers: [registry],
  });

export const receiptsTotal = (registry: Registry) =>
  new Counter({
    name: 'watchword_receipts_total',
    help: 'Receipts of providers, by what they say and what came of them; status is none for a forged one',
    labelNames: ['provider', 'status', 'result'],
    registers: [registry],
  });

export const recordedEventsTotal = (registry: Registry) =>
  new Counter({
    name: 'watchword_recorded_events_total',
    help: 'Events that left the streams, by result: recorded, or poison that was set aside',
    labelNames: ['result'],
    registers: [registry],
  });

export const noticesTotal = (registry: Registry) =>
  new Counter({
    name: 'watchword_notices_total',
    help: 'Mails to admins about codes that could not be delivered, by result: told, untold (tried again) or dropped',
    labelNames: ['result'],
    registers: [registry],
  });

export const recordingBatchesTotal = (registry: Registry) =>
  new Counter({
    name: 'watchword_recording_batches_total',
    help: 'Batches of events, by result: written, fenced, refused by the database, or the database unavailable',
    labelNames: ['result'],
    registers: [registry],
  });

export const recordingLagSeconds = (registry: Registry, read: () => number) =>
  new Gauge({
    name: 'watchword_recording_lag_seconds',
    help: 'Age of the oldest event that is not recorded yet',
    registers: [registry],
    collect() {
      this.set(read());
    },
  });

export const shardsLeased = (registry: Registry, read: () => number) =>
  new Gauge({
    name: 'watchword_recording_shards',
    help: 'Shards whose events this recorder records',
    registers: [registry],
    collect() {
      this.set(read());
    },
  });

export const configPublicationsTotal = (registry: Registry) =>
  new Counter({
    name: 'watchword_config_publications_total',
    help: 'Copies of a project’s configuration for the services, by result: published, older than the one there, or failed',
    labelNames: ['result'],
    registers: [registry],
  });

export const configUnpublishedProjects = (registry: Registry, read: () => Promise<readonly { value: number }[]>) =>
  new Gauge({
    name: 'watchword_config_unpublished_projects',
    help: 'Projects that were changed and whose copy does not hold the change though it should',
    registers: [registry],
    async collect() {
      await showSamples(this, read());
    },
  });
