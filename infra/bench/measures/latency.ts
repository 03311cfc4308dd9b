import { setTimeout as delay } from 'node:timers/promises';
import { percentile } from '@watchword/testkit/percentile';
import type { Bench } from '../bench.ts';
import { openConnections, renderPost } from '../load/connection.ts';
import { nextDestination } from '../load/destinations.ts';
import { runAtRate, runCount } from '../load/load.ts';
import { startProvider } from '../load/provider.ts';
import type { Finding } from '../rows.ts';
import { CHEAPEST_DIGEST_KIB, DEFAULT_DIGEST_KIB, type Stage, startStage } from '../stage.ts';
import { brief, median } from '../statistics.ts';
import { sendFirst, sendLoad, startFloor } from './throughput.ts';

/** What every latency under load is taken at. */
const PER_SECOND = 1_500;
export const PROVIDER_MS = 20;
/** The worker's default. */
export const CONCURRENCY = 50;
const ROUND_SECONDS = 4;
const WARM_UP_SENDS = 3_000;
const IDLE_OPENS = 100;
const IDLE_PAUSE_MS = 15;

const secondsOf = ({ options }: Bench) => Math.max(0.3, ROUND_SECONDS * options.scale);

/** p50 and p99 in ms of sends at the fixed rate; the worker is at work on the same core. */
export async function runSendsAtRate(bench: Bench, stage: Stage, perSecond: number): Promise<Quantiles> {
  return quantilesOf((await runAtRate(sendLoad(stage), perSecond, secondsOf(bench))).latenciesMs);
}

/** So that no round meets code that was not compiled. */
export async function warmUp(bench: Bench, stage: Stage): Promise<void> {
  await sendFirst(stage);
  await runCount(sendLoad(stage), Math.ceil(WARM_UP_SENDS * bench.options.scale));
  await stage.delivered();
}

export interface Quantiles {
  readonly p50: number;
  readonly p99: number;
}

const quantilesOf = (latencies: readonly number[]): Quantiles => ({
  p50: percentile(latencies, 0.5),
  p99: percentile(latencies, 0.99),
});

export const describeQuantiles = (runs: readonly Quantiles[]) =>
  `p50 ${brief(median(runs.map(({ p50 }) => p50)))}, p99 ${brief(median(runs.map(({ p99 }) => p99)))} ms`;

/** The whole platform at a rate that is a part of what it can take. */
export async function measureLatencyAtRate(bench: Bench): Promise<Finding[]> {
  const { only, rounds } = bench.options;
  if (!only.has('p99')) return [];
  const floor = await startFloor(bench);
  const stage = await startStage(bench, CHEAPEST_DIGEST_KIB);
  const provider = await startProvider(bench, PROVIDER_MS);
  await stage.startWorker(provider.url, CONCURRENCY);
  const request = renderPost('/floor', { to: '+14155550123' }, 'none');
  const floorLoad = { url: floor.process.url, status: 200, requestOf: () => request };
  const runFloor = async () => quantilesOf((await runAtRate(floorLoad, PER_SECOND, secondsOf(bench))).latenciesMs);

  await runFloor();
  await warmUp(bench, stage);
  const floors: Quantiles[] = [];
  const sends: Quantiles[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    bench.progress(`latency at ${PER_SECOND}/s: round ${round} of ${rounds}`);
    floors.push(await runFloor());
    sends.push(await runSendsAtRate(bench, stage, PER_SECOND));
  }
  await stage.stop();
  provider.close();
  await floor.process.stop();
  await floor.redis.stop();
  const samples = sends.map(({ p99 }, index) => p99 / (floors[index]?.p99 ?? Number.NaN));
  return [{ row: 'p99', samples, absolute: `send ${describeQuantiles(sends)}; FLOOR ${describeQuantiles(floors)}` }];
}

/** From the call until its message is at the provider, with nothing else to do; the product's default digest. */
export async function measureIdleLatency(bench: Bench): Promise<Finding[]> {
  const { only, rounds, scale } = bench.options;
  if (!only.has('idle')) return [];
  const stage = await startStage(bench, DEFAULT_DIGEST_KIB);
  const provider = await startProvider(bench, 0);
  await stage.startWorker(provider.url, CONCURRENCY);
  const [connection] = await openConnections(stage.gateway.url, 1);

  /** Arrival and answer, ms after the call. */
  async function openOne(): Promise<{ arrival: number; answer: number }> {
    const to = nextDestination();
    const startedAt = performance.now();
    const arrived = new Promise<number>((resolve) => {
      provider.onMessage = (destination) => {
        if (destination === to) resolve(performance.now() - startedAt);
      };
    });
    const answered = new Promise<number>((resolve, reject) => {
      connection?.request(renderPost('/v1/verifications', { to }, stage.keys.API_KEY), (answer) => {
        if (answer instanceof Error) reject(answer);
        else resolve(performance.now() - startedAt);
      });
    });
    const [arrival, answer] = await Promise.all([arrived, answered]);
    return { arrival, answer };
  }

  const samples: number[] = [];
  const answers: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    bench.progress(`idle latency: ${round === 0 ? 'warm-up' : `round ${round} of ${rounds}`}`);
    const arrivals: number[] = [];
    for (let opens = 0; opens < IDLE_OPENS * Math.max(scale, 0.3); opens += 1) {
      const { arrival, answer } = await openOne();
      arrivals.push(arrival);
      answers.push(answer);
      await delay(IDLE_PAUSE_MS);
    }
    if (round > 0) samples.push(median(arrivals));
  }
  connection?.close();
  await stage.stop();
  provider.close();
  return [{ row: 'idle', samples, absolute: `answered 202 after ${brief(median(answers))} ms` }];
}
