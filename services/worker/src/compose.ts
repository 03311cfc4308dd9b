import { baseUrlOf, createCircuit, createPlatformProviders, type SmsProvider } from '@watchword/delivery';
import {
  type Clock,
  createConfigCache,
  createConfigCopies,
  createLogger,
  createRegistry,
  type Disposer,
  type Logger,
  openRedis,
  type RunningService,
  startAdminServer,
  startDeliveryConsumer,
  withDisposer,
} from '@watchword/platform';
import { createDeliveries, createSealer } from '@watchword/verifications';
import { createProjectAccounts } from './accounts/project-accounts.ts';
import type { WorkerConfig } from './config.ts';
import { showCircuits } from './jobs/circuit-states.ts';
import { createDeliveryJob } from './jobs/delivery-job.ts';
import { createDeliveryObserver } from './jobs/delivery-observer.ts';
import { createDeliverCode, jobMaxMsOf, leaseOf } from './usecases/deliver-code.ts';
import { createPlanSending } from './usecases/plan-sending.ts';

export interface ComposeWorkerOptions {
  readonly logger?: Logger;
  readonly clock?: Clock;
}

const CHANNEL = 'sms';

/**
 * In order of preference; beside a live account its twin at the sandbox, for test keys. Throws a StartupError when a
 * provider has only half of its credentials.
 */
export function createProviders(config: WorkerConfig): SmsProvider[] {
  return config.SMS_PROVIDERS.flatMap((kind) => createPlatformProviders(kind, config, surroundingsOf(config)));
}

const surroundingsOf = ({ SANDBOX_URL, PROVIDER_TIMEOUT_MS, RECEIPTS_URL }: WorkerConfig) => ({
  sandboxUrl: SANDBOX_URL,
  timeoutMs: PROVIDER_TIMEOUT_MS,
  receiptsUrl: RECEIPTS_URL,
});

/** Starts consuming deliveries. Resolves when the worker is ready; `close` finishes the running jobs first. */
export function composeWorker(config: WorkerConfig, options: ComposeWorkerOptions = {}): Promise<RunningService> {
  return withDisposer((disposer) => compose(config, options, disposer));
}

async function compose(
  config: WorkerConfig,
  options: ComposeWorkerOptions,
  disposer: Disposer,
): Promise<RunningService> {
  const logger = options.logger ?? createLogger({ service: 'worker', level: config.LOG_LEVEL });
  const registry = createRegistry('worker');

  const providers = createProviders(config);
  for (const provider of providers) {
    disposer.add(() => provider.close());
    logger.info({ provider: provider.name, mode: provider.mode }, 'provider configured');
  }
  const keys = { ID_KEY: config.ID_KEY, SEAL_KEY: config.SEAL_KEY };
  const { redis, clock } = await openRedis(
    { url: config.REDIS_URL, name: 'worker', profile: 'worker', logger, keys, clock: options.clock },
    disposer,
  );

  const accounts = createProjectAccounts({
    sealer: createSealer(config.SEAL_KEY),
    surroundingsOf: (kind) => ({ ...surroundingsOf(config), baseUrl: baseUrlOf(kind, config) }),
    logger,
  });
  disposer.add(() => accounts.close());
  const circuit = createCircuit({
    redis,
    clock,
    probeLeaseMs: leaseOf(config.PROVIDER_TIMEOUT_MS),
    slowMs: config.PROVIDER_SLOW_MS,
    openMs: config.CIRCUIT_OPEN_MS,
    recoveryMs: config.CIRCUIT_RECOVERY_MS,
  });
  showCircuits(registry, circuit, providers);
  const deliverCode = createDeliverCode({
    deliveries: createDeliveries({ redis, clock, idKey: config.ID_KEY, sealKeys: config.SEAL_KEY }),
    planSending: createPlanSending({
      channel: CHANNEL,
      cache: createConfigCache({ copies: createConfigCopies(redis), part: 'delivery' }),
      platform: providers,
      accounts,
    }),
    circuit,
    observer: createDeliveryObserver(registry, logger),
    providerTimeoutMs: config.PROVIDER_TIMEOUT_MS,
  });

  const consumer = startDeliveryConsumer({
    channel: CHANNEL,
    connection: redis,
    concurrency: config.WORKER_CONCURRENCY,
    jobMaxMs: jobMaxMsOf(providers.length, config.PROVIDER_TIMEOUT_MS),
    logger,
    process: createDeliveryJob({ deliverCode, registry, logger }),
  });
  disposer.add(
    () => consumer.close(),
    () => `${consumer.running()} deliveries that are being sent`,
  );
  const admin = await startAdminServer(
    {
      host: config.LISTEN_HOST,
      port: config.ADMIN_PORT,
      registry,
      isReady: async () => {
        await redis.ping();
      },
      isAlive: consumer.isAlive,
    },
    disposer,
  );
  return {
    name: 'worker',
    url: null,
    adminUrl: admin.url,
    close: disposer.dispose,
    stopGraceSeconds: config.STOP_GRACE_SECONDS,
    pending: disposer.pending,
  };
}
