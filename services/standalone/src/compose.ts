import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { composeGateway, gatewayVariables } from '@watchword/gateway';
import { composeOtp, otpVariables } from '@watchword/otp';
import {
  type Environment,
  parseEnvironment,
  type RunningService,
  type StandaloneFile,
  withDisposer,
  withSecrets,
} from '@watchword/platform';
import { acquireDataDirectory, type Progress, startPrivateRedis } from '@watchword/platform/redis-server';
import { composeSandbox, sandboxVariables } from '@watchword/sandbox';
import { composeWorker, workerVariables } from '@watchword/worker';
import { STANDALONE_SERVICES, type StandaloneConfig, type StandaloneService } from './config.ts';
import { removeStandaloneFile, writeStandaloneFile } from './standalone-file.ts';

export interface RunningStandalone {
  readonly file: StandaloneFile;
  close(): Promise<void>;
}

const SECRETS = ['PEPPER', 'SEAL_KEY', 'ID_KEY', 'HOP_KEY', 'INDEX_KEY', 'API_KEY'];
/** Lines of requests and jobs would hide what a person who starts the platform wants to see. */
const LOG_LEVEL = 'warn';

/** Starts Redis, unless one is given, and the chosen services, each told where the others are. */
export function composeStandalone(
  config: StandaloneConfig,
  environment: Environment,
  progress: Progress,
): Promise<RunningStandalone> {
  const directory = resolve(config.DATA_DIR);
  return withDisposer(async (disposer) => {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const lock = acquireDataDirectory(directory, progress);
    disposer.add(() => lock.release());
    const redisUrl = config.REDIS_URL?.reveal() ?? (await startRedis(directory, progress, disposer.add));

    const base: Environment = {
      LOG_LEVEL,
      ...withSecrets({ ...environment, DATA_DIR: directory }, SECRETS),
      REDIS_URL: redisUrl,
      ADMIN_PORT: '0',
    };
    const running = await startServices(config, base, progress, disposer.add);
    const url = (name: StandaloneService) => running.get(name)?.url ?? null;
    const file: StandaloneFile = {
      gateway: url('gateway'),
      console: null,
      sandbox: url('sandbox'),
      otp: url('otp'),
      metrics: Object.fromEntries([...running].map(([name, { adminUrl }]) => [name, `${adminUrl}/metrics`])),
      apiKey: base.API_KEY ?? '',
      redis: redisUrl,
      pid: process.pid,
    };
    writeStandaloneFile(directory, file);
    disposer.add(() => removeStandaloneFile(directory));
    return { file, close: () => disposer.dispose() };
  });
}

type AddCleanUp = (cleanUp: () => unknown) => void;

async function startRedis(directory: string, progress: Progress, onClose: AddCleanUp): Promise<string> {
  const redis = await startPrivateRedis({ directory: join(directory, 'redis'), progress, supervised: true });
  onClose(() => redis.stop());
  redis.onExit(() => {
    progress('Redis: it keeps dying; the platform answers 503 until you restart it (its log is in DATA_DIR/redis)');
  });
  return redis.url;
}

/** In the order in which they need one another; they end in the opposite one. */
async function startServices(
  { STANDALONE_SERVICES: wanted }: StandaloneConfig,
  base: Environment,
  progress: Progress,
  onClose: AddCleanUp,
): Promise<Map<StandaloneService, RunningService>> {
  const running = new Map<StandaloneService, RunningService>();
  const urlOf = (name: StandaloneService, preset: string | undefined) => running.get(name)?.url ?? preset;
  const start: Record<StandaloneService, () => Promise<RunningService>> = {
    sandbox: () => composeSandbox(parseEnvironment(sandboxVariables, base)),
    worker: () =>
      composeWorker(parseEnvironment(workerVariables, { ...base, SANDBOX_URL: urlOf('sandbox', base.SANDBOX_URL) })),
    // The hop's port is nobody's business but the gateway's, so any free one serves.
    otp: () => composeOtp(parseEnvironment(otpVariables, { ...base, OTP_PORT: base.OTP_PORT ?? '0' })),
    gateway: () => composeGateway(parseEnvironment(gatewayVariables, { ...base, OTP_URL: urlOf('otp', base.OTP_URL) })),
  };
  for (const name of STANDALONE_SERVICES) {
    if (!wanted.includes(name)) continue;
    progress(`${name}: starting`);
    const service = await start[name]();
    running.set(name, service);
    onClose(() => service.close());
  }
  return running;
}
