import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { Bench } from '../bench.ts';
import { createFiller, many } from '../load/filler.ts';
import { startProvider } from '../load/provider.ts';
import type { Finding } from '../rows.ts';
import { CHEAPEST_DIGEST_KIB, DEFAULT_DIGEST_KIB, makeKeys, startRedis, startStage } from '../stage.ts';
import { whole } from '../statistics.ts';

const VERIFICATIONS = 20_000;
const SETTLE_MS = 300;
const IDLE_MS = 2_000;

/** Bytes that Redis uses: all of it, and the part that is event streams. */
async function readMemory(redis: Redis): Promise<{ used: number; events: number }> {
  await delay(SETTLE_MS);
  const used = Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1]);
  const streams = await redis.keys('ww:{*}:events');
  const sizes = await Promise.all(streams.map((key) => redis.call('MEMORY', 'USAGE', key, 'SAMPLES', '0')));
  return { used, events: sizes.reduce((sum: number, size) => sum + Number(size), 0) };
}

/** What Redis holds for one verification whose code was delivered, and for one job that waits. Taken once: it does not vary. */
export async function measureBytes(bench: Bench): Promise<Finding[]> {
  const { only, scale } = bench.options;
  if (!only.has('bytes') && !only.has('jobBytes')) return [];
  bench.progress('memory');
  const redis = await startRedis(bench);
  const digest = { digestMemoryKib: CHEAPEST_DIGEST_KIB, checkable: false };
  const { open, deliver, producer, close } = await createFiller(redis, makeKeys(), digest);
  const count = Math.ceil(VERIFICATIONS * scale);
  const empty = await readMemory(redis.client);
  await deliver(count);
  const delivered = await readMemory(redis.client);
  const deliveries = await open(count);
  const opened = await readMemory(redis.client);
  await many(count, (index) =>
    producer.enqueue(`${deliveries[index]}-0`, { delivery: deliveries[index] ?? '', requestId: crypto.randomUUID() }),
  );
  const queued = await readMemory(redis.client);
  await close();
  await redis.stop();

  const perOne = (before: typeof empty, after: typeof empty) => ({
    all: (after.used - before.used) / count,
    events: (after.events - before.events) / count,
  });
  const done = perOne(empty, delivered);
  const waiting = perOne(delivered, opened);
  const job = perOne(opened, queued).all;
  const describe = ({ all, events }: typeof done) => `${whole(all - events)} and its events ${whole(events)}`;
  const findings: Finding[] = [
    {
      row: 'bytes',
      samples: [done.all - done.events],
      absolute: `code delivered: ${describe(done)}; code still queued: ${describe(waiting)} (bytes)`,
    },
    { row: 'jobBytes', samples: [job], absolute: 'the BullMQ job alone, beside its verification' },
  ];
  return findings.filter(({ row }) => only.has(row));
}

/** What each service holds when it has nothing to do; the largest counts. */
export async function measureResident(bench: Bench): Promise<Finding[]> {
  if (!bench.options.only.has('rss')) return [];
  bench.progress('resident memory');
  const stage = await startStage(bench, DEFAULT_DIGEST_KIB);
  const provider = await startProvider(bench, 0);
  const worker = await stage.startWorker(provider.url, 50);
  await delay(IDLE_MS);
  const { gateway, otp } = stage;
  const sizes = Object.entries({ gateway, otp, worker }).map(
    ([name, tested]) => [name, tested.residentMegabytes()] as const,
  );
  await stage.stop();
  provider.close();
  const absolute = `${sizes.map(([name, megabytes]) => `${name} ${whole(megabytes)}`).join(', ')} MB`;
  return [{ row: 'rss', samples: [Math.max(...sizes.map(([, megabytes]) => megabytes))], absolute }];
}
