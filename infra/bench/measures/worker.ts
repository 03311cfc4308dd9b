import { setTimeout as delay } from 'node:timers/promises';
import { Queue } from 'bullmq';
import type { Bench } from '../bench.ts';
import { type CpuPerRequest, describeCpu, meterCpu } from '../cpu.ts';
import { createFiller, many } from '../load/filler.ts';
import { startProvider } from '../load/provider.ts';
import type { TestedProcess } from '../processes.ts';
import { NOOP_QUEUE } from '../references/noop-queue.ts';
import type { Finding, RowId } from '../rows.ts';
import { type BenchRedis, CHEAPEST_DIGEST_KIB, makeKeys, startRedis, startReference, startWorker } from '../stage.ts';
import { median, whole } from '../statistics.ts';

const POLL_MS = 10;
const DRAIN_MS = 120_000;
/** The rate is taken between these shares of the jobs left: without the start, and without the last calls in flight. */
const FROM_SHARE = 0.85;
const TO_SHARE = 0.15;
const FILL_BATCH = 1_000;

interface Lane {
  /** Jobs of a full round. */
  readonly jobs: number;
  readonly redis: BenchRedis;
  readonly worker: TestedProcess;
  fill(jobs: number): Promise<void>;
  left(): Promise<number>;
  close(): Promise<void>;
}

interface Drained {
  readonly perSecond: number;
  readonly cpu: CpuPerRequest;
}

/** Holds the worker still, fills its queue, lets it go, and watches the queue empty. */
async function drain({ redis, worker, fill, left }: Lane, jobs: number): Promise<Drained> {
  process.kill(worker.pid, 'SIGSTOP');
  await fill(jobs);
  process.kill(worker.pid, 'SIGCONT');
  const until = async (count: number) => {
    const giveUpAt = performance.now() + DRAIN_MS;
    for (;;) {
      const now = await left();
      if (now <= count) return { left: now, at: performance.now() };
      if (performance.now() > giveUpAt) throw new Error(`The worker hangs with ${now} jobs left`);
      await delay(POLL_MS);
    }
  };
  const start = await until(jobs * FROM_SHARE);
  const metered = await meterCpu(
    () => jobs * (FROM_SHARE - TO_SHARE),
    { worker },
    redis,
    () => until(jobs * TO_SHARE),
  );
  const end = metered.result;
  await until(0);
  return { perSecond: ((start.left - end.left) * 1000) / (end.at - start.at), cpu: metered.cpu };
}

async function startNoopLane(bench: Bench, concurrency: number, jobs: number): Promise<Lane> {
  const redis = await startRedis(bench);
  const environment = { REDIS_URL: redis.url, CONCURRENCY: String(concurrency) };
  const worker = await startReference(bench, 'noop-worker', environment);
  const queue = new Queue(NOOP_QUEUE.name, {
    connection: { url: redis.url },
    prefix: NOOP_QUEUE.prefix,
    skipMetasUpdate: true,
    defaultJobOptions: { removeOnComplete: true, removeOnFail: true, attempts: 1 },
  });
  return {
    jobs,
    redis,
    worker,
    async fill(count) {
      for (let filled = 0; filled < count; filled += FILL_BATCH) {
        const size = Math.min(FILL_BATCH, count - filled);
        await queue.addBulk(Array.from({ length: size }, () => ({ name: 'noop', data: {} })));
      }
    },
    left: async () => sum(await queue.getJobCounts('waiting', 'active')),
    async close() {
      await queue.close();
      await worker.stop();
      await redis.stop();
    },
  };
}

async function startProductLane(bench: Bench, concurrency: number, latencyMs: number, jobs: number): Promise<Lane> {
  const redis = await startRedis(bench);
  const keys = makeKeys();
  const provider = await startProvider(bench, latencyMs);
  const worker = await startWorker(bench, redis, keys, provider.url, concurrency);
  const { open, producer, close } = await createFiller(redis, keys, {
    digestMemoryKib: CHEAPEST_DIGEST_KIB,
    checkable: false,
  });
  return {
    jobs,
    redis,
    worker,
    async fill(count) {
      const deliveries = await open(count);
      await many(count, (index) => producer.enqueue(`${deliveries[index]}-0`, { delivery: deliveries[index] ?? '' }));
    },
    left: async () => sum(await producer.counts()),
    async close() {
      await close();
      await worker.stop();
      provider.close();
      await redis.stop();
    },
  };
}

const sum = (counts: Readonly<Record<string, number>>) =>
  Object.values(counts).reduce((total, count) => total + count, 0);

const SHORT = { inFlight: 200, latencyMs: 20, jobs: 8_000 };
const IDEALS = [
  { row: 'ideal200', inFlight: 200, latencyMs: 100, jobs: 4_000 },
  { row: 'ideal1000', inFlight: 1_000, latencyMs: 100, jobs: 10_000 },
] as const;
const NOOP_JOBS = 30_000;

/** The worker's process alone on its core, with jobs that wait for it. */
export async function measureWorker(bench: Bench): Promise<Finding[]> {
  const { only, rounds, scale } = bench.options;
  const lanes = new Map<RowId | 'noop', Lane>();
  if (only.has('worker')) {
    lanes.set('noop', await startNoopLane(bench, SHORT.inFlight, NOOP_JOBS));
    lanes.set('worker', await startProductLane(bench, SHORT.inFlight, SHORT.latencyMs, SHORT.jobs));
  }
  for (const { row, inFlight, latencyMs, jobs } of IDEALS) {
    if (only.has(row)) lanes.set(row, await startProductLane(bench, inFlight, latencyMs, jobs));
  }
  const drained = new Map<RowId | 'noop', Drained[]>();
  // Round 0 is the warm-up.
  for (let round = 0; lanes.size > 0 && round <= rounds; round += 1) {
    bench.progress(`worker: ${round === 0 ? 'warm-up' : `round ${round} of ${rounds}`}`);
    for (const [name, lane] of lanes) {
      const result = await drain(lane, Math.ceil(lane.jobs * scale));
      if (round > 0) drained.set(name, [...(drained.get(name) ?? []), result]);
    }
  }
  for (const lane of lanes.values()) await lane.close();
  return describeLanes(drained);
}

function describeLanes(drained: ReadonlyMap<RowId | 'noop', readonly Drained[]>): Finding[] {
  const found: Finding[] = [];
  const noop = drained.get('noop') ?? [];
  const short = drained.get('worker');
  if (short) {
    const samples = short.map(({ perSecond }, index) => perSecond / (noop[index]?.perSecond ?? Number.NaN));
    found.push({ row: 'worker', samples, absolute: `${describeDrained(short)}; no-op ${describeDrained(noop)}` });
  }
  for (const { row, inFlight, latencyMs } of IDEALS) {
    const runs = drained.get(row);
    const idealPerSecond = (inFlight * 1000) / latencyMs;
    const samples = runs?.map(({ perSecond }) => perSecond / idealPerSecond);
    if (runs && samples)
      found.push({ row, samples, absolute: `${describeDrained(runs)}; ideal ${whole(idealPerSecond)}/s` });
  }
  return found;
}

function describeDrained(runs: readonly Drained[]): string {
  const cpu = Object.fromEntries(
    Object.keys(runs[0]?.cpu ?? {}).map((name) => [name, median(runs.map((run) => run.cpu[name] ?? Number.NaN))]),
  );
  return `${whole(median(runs.map(({ perSecond }) => perSecond)))}/s, ${describeCpu(cpu)}`;
}
