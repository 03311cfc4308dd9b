import type { Bench } from '../bench.ts';
import { type Metered, meterCpu, productCpu } from '../cpu.ts';
import { type LoadReport, runCount } from '../load/load.ts';
import { startProvider } from '../load/provider.ts';
import type { Finding } from '../rows.ts';
import { CHEAPEST_DIGEST_KIB, startStage } from '../stage.ts';
import { describeRuns, sendFirst, sendLoad, startFloor } from './throughput.ts';

const COUNTS = { floor: 40_000, send: 1_500 };
const PROVIDER_MS = 20;
const CONCURRENCY = 200;

/** What one code costs from the call until its delivery is settled, in all processes. */
export async function measureDeliveredCode(bench: Bench): Promise<Finding[]> {
  const { only, rounds, scale } = bench.options;
  if (!only.has('sendCpu')) return [];
  const floor = await startFloor(bench);
  const stage = await startStage(bench, CHEAPEST_DIGEST_KIB);
  const provider = await startProvider(bench, PROVIDER_MS);
  const worker = await stage.startWorker(provider.url, CONCURRENCY);

  async function deliver(count: number): Promise<LoadReport> {
    const report = await runCount(sendLoad(stage), count);
    await stage.delivered();
    return report;
  }

  const { gateway, otp, redis } = stage;
  const floors: Metered<LoadReport>[] = [];
  const sends: Metered<LoadReport>[] = [];
  const count = Math.ceil(COUNTS.send * scale);
  await sendFirst(stage);
  await deliver(count);
  for (let round = 1; round <= rounds; round += 1) {
    bench.progress(`delivered codes: round ${round} of ${rounds}`);
    floors.push(await floor.run(Math.ceil(COUNTS.floor * scale)));
    sends.push(
      await meterCpu(
        () => count,
        { gateway, otp, worker },
        redis,
        () => deliver(count),
      ),
    );
  }
  await stage.stop();
  provider.close();
  await floor.process.stop();
  await floor.redis.stop();
  const samples = sends.map((send, index) => productCpu(send.cpu) / (floors[index]?.cpu.FLOOR ?? Number.NaN));
  return [{ row: 'sendCpu', samples, absolute: `accepted at ${describeRuns(sends)}; FLOOR ${describeRuns(floors)}` }];
}
