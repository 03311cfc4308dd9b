import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type ConsoleConfig, composeConsole, consoleVariables } from '@watchword/console';
import { composeGateway, type GatewayConfig, gatewayVariables } from '@watchword/gateway';
import { composeOtp, type OtpConfig, otpVariables } from '@watchword/otp';
import {
  type Disposer,
  type Environment,
  parseEnvironment,
  type RunningService,
  Secret,
  type StandaloneFile,
  type Stoppable,
  withDisposer,
  withSecrets,
} from '@watchword/platform';
import { acquireDataDirectory, type Progress, startPrivateRedis } from '@watchword/platform/redis-server';
import { composeRecorder, type RecorderConfig, recorderVariables } from '@watchword/recorder';
import { migrateRecords } from '@watchword/records';
import { composeSandbox, type SandboxConfig, sandboxVariables } from '@watchword/sandbox';
import { composeWorker, type WorkerConfig, workerVariables } from '@watchword/worker';
import { z } from 'zod';
import { STANDALONE_SERVICES, type StandaloneConfig, type StandaloneService } from './config.ts';
import { withReceiptsUrl } from './receipts-url.ts';
import { removeStandaloneFile, writeStandaloneFile } from './standalone-file.ts';

export interface RunningStandalone extends Stoppable {
  readonly file: StandaloneFile;
}

const SECRETS = ['PEPPER', 'SEAL_KEY', 'ID_KEY', 'HOP_KEY', 'INDEX_KEY', 'TOKEN_KEY', 'API_KEY'];
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
    const base: Environment = {
      LOG_LEVEL,
      ...withSecrets({ ...environment, DATA_DIR: directory }, SECRETS),
      ...(await recordsPlace(environment, directory, progress)),
      ADMIN_PORT: '0',
      // The hops' ports are nobody's business but the gateway's, and the relay's the worker's: any free ones serve.
      OTP_PORT: environment.OTP_PORT || '0',
      CONSOLE_PORT: environment.CONSOLE_PORT || '0',
      SANDBOX_SMTP_PORT: environment.SANDBOX_SMTP_PORT || '0',
    };
    const asked = parseAll(config.STANDALONE_SERVICES, base);
    const parsed = config.STANDALONE_SERVICES.includes('gateway') ? await withReceiptsUrl(asked) : asked;
    const redisUrl = config.REDIS_URL?.reveal() ?? (await startRedis(directory, progress, disposer.add));
    const running = await startServices(
      config.STANDALONE_SERVICES,
      { ...parsed, REDIS_URL: new Secret(redisUrl) },
      progress,
      disposer.add,
    );
    const url = (name: StandaloneService) => running.get(name)?.url ?? null;
    const file: StandaloneFile = {
      gateway: url('gateway'),
      console: url('console'),
      sandbox: url('sandbox'),
      sandboxSmtp: running.get('sandbox')?.smtpUrl ?? null,
      otp: url('otp'),
      metrics: Object.fromEntries([...running].map(([name, { adminUrl }]) => [name, `${adminUrl}/metrics`])),
      apiKey: base.API_KEY ?? '',
      redis: redisUrl,
      pid: process.pid,
    };
    writeStandaloneFile(directory, file);
    disposer.add(() => removeStandaloneFile(directory));
    return {
      file,
      close: disposer.dispose,
      stopGraceSeconds: config.STOP_GRACE_SECONDS,
      pending: disposer.pending,
    };
  });
}

/** A file is standalone's own, so that it needs no command to become newer; a MongoDB has others who work with it. */
async function recordsPlace(environment: Environment, directory: string, progress: Progress): Promise<Environment> {
  if (environment.MONGODB_URL) return {};
  const file = environment.RECORDS_FILE || join(directory, 'records.db');
  await migrateRecords({ file }, (line) => progress(`Records: ${line}`));
  return { RECORDS_FILE: file };
}

type AddCleanUp = Disposer['add'];

async function startRedis(directory: string, progress: Progress, onClose: AddCleanUp): Promise<string> {
  const redis = await startPrivateRedis({ directory: join(directory, 'redis'), progress, supervised: true });
  onClose(() => redis.stop(), 'the private Redis');
  redis.onExit(() => {
    progress('Redis: it keeps dying; the platform answers 503 until you restart it (its log is in DATA_DIR/redis)');
  });
  return redis.url;
}

const VARIABLES = {
  sandbox: sandboxVariables,
  recorder: recorderVariables,
  worker: workerVariables,
  otp: otpVariables,
  console: consoleVariables,
  gateway: gatewayVariables,
};

type AllConfig = SandboxConfig & RecorderConfig & WorkerConfig & OtpConfig & ConsoleConfig & GatewayConfig;

/** What all the wanted services read, at once, so that every variable that is wrong is named before anything starts. */
function parseAll(wanted: readonly StandaloneService[], base: Environment): AllConfig {
  const shapes = wanted.map((name) => VARIABLES[name].shape);
  const schema = z.object(Object.assign({}, ...shapes) as z.ZodRawShape);
  // Redis starts after this. A service that is not wanted does not read its part.
  return parseEnvironment(schema, { ...base, REDIS_URL: base.REDIS_URL || 'redis://127.0.0.1' }) as AllConfig;
}

/** Admins are told of codes that could not be delivered in the sandbox's inbox, unless the environment says where. */
function withNotices<T extends Pick<RecorderConfig, 'NOTICE_SMTP_URL' | 'NOTICE_FROM'>>(
  config: T,
  smtpUrl?: string,
): T {
  if (smtpUrl === undefined || config.NOTICE_SMTP_URL !== undefined) return config;
  const NOTICE_FROM = config.NOTICE_FROM ?? 'Watchword <notices@sandbox.invalid>';
  return { ...config, NOTICE_SMTP_URL: new Secret(smtpUrl), NOTICE_FROM };
}

/** In the order in which they need one another; they end in the opposite one. */
async function startServices(
  wanted: readonly StandaloneService[],
  config: AllConfig,
  progress: Progress,
  onClose: AddCleanUp,
): Promise<Map<StandaloneService, RunningService>> {
  const running = new Map<StandaloneService, RunningService>();
  const urlOf = (name: StandaloneService, preset: string) => running.get(name)?.url ?? preset;
  const start: Record<StandaloneService, () => Promise<RunningService>> = {
    sandbox: () => composeSandbox(config),
    recorder: () => composeRecorder(withNotices(config, running.get('sandbox')?.smtpUrl)),
    worker: () =>
      composeWorker({
        ...config,
        SANDBOX_URL: urlOf('sandbox', config.SANDBOX_URL),
        SANDBOX_SMTP_URL: running.get('sandbox')?.smtpUrl ?? config.SANDBOX_SMTP_URL,
      }),
    otp: () => composeOtp(config),
    console: () => composeConsole(config),
    gateway: () =>
      composeGateway({
        ...config,
        OTP_URL: urlOf('otp', config.OTP_URL),
        CONSOLE_URL: urlOf('console', config.CONSOLE_URL),
      }),
  };
  for (const name of STANDALONE_SERVICES) {
    if (!wanted.includes(name)) continue;
    progress(`${name}: starting`);
    const service = await start[name]();
    running.set(name, service);
    onClose(
      () => service.close(),
      () => `${name}: ${service.pending() ?? 'a clean-up'}`,
    );
  }
  return running;
}
