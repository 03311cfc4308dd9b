import type { Bench } from '../bench.ts';
import { createFiller } from '../load/filler.ts';
import { startProvider } from '../load/provider.ts';
import type { Finding } from '../rows.ts';
import { CHEAPEST_DIGEST_KIB, type Stage, startStage } from '../stage.ts';
import { whole } from '../statistics.ts';
import { CONCURRENCY, describeQuantiles, PROVIDER_MS, type Quantiles, runSendsAtRate, warmUp } from './latency.ts';

const FEW = 1_000;
/** So little that the platform is at ease: what grows with the crowd shall show, not what queues. */
const PER_SECOND = 300;
const BAR_WIDTH = 30;

/** Whether a send stays as quick with a million verifications open beside it: two platforms, in turns. */
export async function measureCrowd(bench: Bench): Promise<Finding[]> {
  const { only, rounds, crowd } = bench.options;
  if (!only.has('crowd')) return [];
  const provider = await startProvider(bench, PROVIDER_MS);
  const few = await startFilled(bench, provider.url, FEW);
  const many = await startFilled(bench, provider.url, crowd);
  await warmUp(bench, few);
  await warmUp(bench, many);
  const withFew: Quantiles[] = [];
  const withMany: Quantiles[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    bench.progress(`crowd: round ${round} of ${rounds}`);
    withFew.push(await runSendsAtRate(bench, few, PER_SECOND));
    withMany.push(await runSendsAtRate(bench, many, PER_SECOND));
  }
  const info = await many.redis.client.info('memory');
  const megabytes = Number(/^used_memory:(\d+)/m.exec(info)?.[1]) / 1e6;
  await few.stop();
  await many.stop();
  provider.close();
  const samples = withMany.map(({ p99 }, index) => p99 / (withFew[index]?.p99 ?? Number.NaN));
  const absolute = `at ${PER_SECOND}/s, ${whole(crowd)} open (${whole(megabytes)} MB): ${describeQuantiles(withMany)}; 10³: ${describeQuantiles(withFew)}`;
  return [{ row: 'crowd', samples, absolute }];
}

/**
 * A platform with so many verifications open, their codes delivered. The append-only file is not synced while they are
 * loaded, nor rewritten: a rewrite takes its time by the clock, and would fall into one measure and not the other.
 */
async function startFilled(bench: Bench, providerUrl: string, count: number): Promise<Stage> {
  const stage = await startStage(bench, CHEAPEST_DIGEST_KIB);
  const { client } = stage.redis;
  await client.config('SET', 'auto-aof-rewrite-percentage', '0');
  await client.config('SET', 'appendfsync', 'no');
  const filler = await createFiller(stage.redis, stage.keys, {
    digestMemoryKib: CHEAPEST_DIGEST_KIB,
    checkable: false,
  });
  const show = createProgressBar(count);
  await filler.deliver(count, show);
  await filler.close();
  await client.config('SET', 'appendfsync', 'always');
  await stage.startWorker(providerUrl, CONCURRENCY);
  return stage;
}

/** Redrawn in place on a terminal; a line for each tenth elsewhere. */
function createProgressBar(total: number): () => void {
  const isTerminal = process.stderr.isTTY;
  const steps = isTerminal ? 100 : 10;
  const startedAt = performance.now();
  let done = 0;
  return () => {
    done += 1;
    if (done !== total && Math.floor((done * steps) / total) === Math.floor(((done - 1) * steps) / total)) return;
    const bar = '#'.repeat(Math.floor((done * BAR_WIDTH) / total)).padEnd(BAR_WIDTH, '.');
    const perSecond = (done * 1000) / (performance.now() - startedAt);
    const line = `opening [${bar}] ${whole(done)} of ${whole(total)}, ${whole(perSecond)}/s`;
    process.stderr.write(isTerminal ? `\r${line}${done === total ? '\n' : ''}` : `${line}\n`);
  };
}
