import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createDeliveryProducer, createLogger, mintApiKey } from '@watchword/platform';
import { startPrivateRedis } from '@watchword/platform/redis-server';
import { eventually } from '@watchword/testkit';
import { Redis } from 'ioredis';
import type { Bench } from './bench.ts';
import { startProcess, type TestedProcess } from './processes.ts';

/** A private Redis, set up as the product sets up its own (append-only file, `appendfsync always`), beside the load. */
export interface BenchRedis {
  readonly url: string;
  readonly directory: string;
  readonly client: Redis;
  cpuMicroseconds(): Promise<number>;
  stop(): Promise<void>;
}

const DELIVERED_MS = 60_000;
let stages = 0;

export async function startRedis(bench: Bench): Promise<BenchRedis> {
  const directory = join(bench.directory, `stage-${stages++}`);
  mkdirSync(directory);
  const server = await startPrivateRedis({ directory: join(directory, 'redis'), progress: bench.progress });
  const client = new Redis(server.url, { replyMapping: 'legacy' });
  let isStopped = false;
  const stop = async () => {
    if (isStopped) return;
    isStopped = true;
    client.disconnect();
    await server.stop();
  };
  bench.disposer.add(stop);
  return { url: server.url, directory, client, cpuMicroseconds: () => readCpu(client), stop };
}

/** All threads of the server; what a rewrite of the append-only file costs is not the request's. */
async function readCpu(client: Redis): Promise<number> {
  const info = await client.info('cpu');
  const seconds = (field: string) => Number(new RegExp(`^${field}:(.*)$`, 'm').exec(info)?.[1]);
  return (seconds('used_cpu_user') + seconds('used_cpu_sys')) * 1e6;
}

export interface Keys {
  readonly PEPPER: string;
  readonly SEAL_KEY: string;
  readonly ID_KEY: string;
  readonly HOP_KEY: string;
  readonly TOKEN_KEY: string;
  readonly API_KEY: string;
}

/** The platform's processes on one Redis. */
export interface Stage {
  readonly redis: BenchRedis;
  readonly keys: Keys;
  readonly digestMemoryKib: number;
  readonly gateway: TestedProcess;
  readonly otp: TestedProcess;
  startWorker(providerUrl: string, concurrency: number): Promise<TestedProcess>;
  /** Resolves once no delivery waits or runs. */
  delivered(): Promise<void>;
  stop(): Promise<void>;
}

/** The cheapest Argon2id there is; the product's default. */
export const CHEAPEST_DIGEST_KIB = 8;
export const DEFAULT_DIGEST_KIB = 1024;

export function makeKeys(): Keys {
  const key = () => randomBytes(32).toString('base64url');
  return {
    PEPPER: key(),
    SEAL_KEY: key(),
    ID_KEY: key(),
    HOP_KEY: key(),
    TOKEN_KEY: key(),
    API_KEY: mintApiKey('test'),
  };
}

/** Starts gateway and otp as processes of their own. There is no worker until `startWorker`. */
export async function startStage(bench: Bench, digestMemoryKib: number): Promise<Stage> {
  const redis = await startRedis(bench);
  const keys = makeKeys();
  const start = (name: string, environment: Record<string, string>) =>
    startService(bench, redis, keys, name, environment);
  const otp = await start('otp', { OTP_PORT: '0', CODE_DIGEST_MEMORY_KIB: String(digestMemoryKib) });
  const gateway = await start('gateway', { GATEWAY_PORT: '0', OTP_URL: otp.url, PROJECT_SENDS_PER_HOUR: '0' });
  const started = [otp, gateway];
  const producer = createDeliveryProducer('sms', redis.client, createLogger({ service: 'bench', level: 'silent' }));
  return {
    redis,
    keys,
    digestMemoryKib,
    gateway,
    otp,
    async startWorker(providerUrl, concurrency) {
      const worker = await startWorker(bench, redis, keys, providerUrl, concurrency);
      started.push(worker);
      return worker;
    },
    async delivered() {
      await eventually('all codes delivered', DELIVERED_MS, async () => {
        const jobs = Object.values(await producer.counts());
        return jobs.every((count) => count === 0) || undefined;
      });
    },
    async stop() {
      await producer.close();
      for (const process of started.toReversed()) await process.stop();
      await redis.stop();
    },
  };
}

export function startWorker(bench: Bench, redis: BenchRedis, keys: Keys, providerUrl: string, concurrency: number) {
  return startService(bench, redis, keys, 'worker', {
    SANDBOX_URL: providerUrl,
    SMS_PROVIDERS: 'twilio',
    WORKER_CONCURRENCY: String(concurrency),
  });
}

async function startService(
  { directory, cores, options, disposer }: Bench,
  redis: BenchRedis,
  keys: Keys,
  name: string,
  environment: Readonly<Record<string, string>>,
): Promise<TestedProcess> {
  const process = await startProcess({
    file: `services/${name}/src/main.ts`,
    environment: {
      ...keys,
      REDIS_URL: redis.url,
      DATA_DIR: redis.directory,
      LOG_LEVEL: options.logLevel,
      ...environment,
    },
    directory,
    cores,
  });
  disposer.add(() => process.stop());
  return process;
}

/** A process of the benchmark's own, on the tested core like any other. */
export async function startReference(
  { directory, cores, disposer }: Bench,
  name: string,
  environment: Readonly<Record<string, string>>,
): Promise<TestedProcess> {
  const file = `infra/bench/references/${name}.ts`;
  const process = await startProcess({ file, environment, directory, cores });
  disposer.add(() => process.stop());
  return process;
}
