import {
  createCircuit,
  createTwilioProvider,
  createVonageProvider,
  resolveTwilioConfig,
  resolveVonageConfig,
  type SmsProvider,
} from '@watchword/delivery';
import {
  type Clock,
  checkKeyFingerprints,
  checkRedis,
  connectRedis,
  createDisposer,
  createLogger,
  createRedisClock,
  createRegistry,
  type Disposer,
  type Logger,
  type RunningService,
  startAdminServer,
  startDeliveryConsumer,
} from '@watchword/platform';
import { createDeliveries } from '@watchword/verifications';
import type { SmsProviderName, WorkerConfig } from './config.ts';
import { createDeliveryJob } from './jobs/delivery-job.ts';
import { createDeliveryObserver } from './jobs/delivery-observer.ts';
import { createDeliverCode, leaseOf } from './usecases/deliver-code.ts';

export interface ComposeWorkerOptions {
  readonly logger?: Logger;
  readonly clock?: Clock;
}

const PING_MS = 500;

/** `live` when the configuration has a provider's credentials, else `test`: the sandbox. */
const CREATE_PROVIDER: Readonly<Record<SmsProviderName, (config: WorkerConfig) => SmsProvider>> = {
  twilio: (config) => createTwilioProvider(resolveTwilioConfig(config, config.SANDBOX_URL)),
  vonage: (config) => createVonageProvider(resolveVonageConfig(config, config.SANDBOX_URL, config.PROVIDER_TIMEOUT_MS)),
};

/** In order of preference. Throws a StartupError when a provider has only half of its credentials. */
export function createProviders(config: WorkerConfig): SmsProvider[] {
  return config.SMS_PROVIDERS.map((name) => CREATE_PROVIDER[name](config));
}

/** Starts consuming deliveries. Resolves when the worker is ready; `close` finishes the running jobs first. */
export async function composeWorker(config: WorkerConfig, options: ComposeWorkerOptions = {}): Promise<RunningService> {
  const disposer = createDisposer();
  try {
    return await compose(config, options, disposer);
  } catch (error) {
    await disposer.dispose();
    throw error;
  }
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
  const redis = await connectRedis({ url: config.REDIS_URL, name: 'worker', profile: 'worker', logger });
  disposer.add(() => redis.disconnect());
  await checkRedis(redis, logger);
  await checkKeyFingerprints(redis, { id: config.ID_KEY, seal: config.SEAL_KEY });
  const clock = options.clock ?? (await ownClock(redis, disposer));

  const deliverCode = createDeliverCode({
    deliveries: createDeliveries({ redis, clock, idKey: config.ID_KEY, sealKey: config.SEAL_KEY }),
    circuit: createCircuit({ redis, clock, probeLeaseMs: leaseOf(config.PROVIDER_TIMEOUT_MS) }),
    providers,
    observer: createDeliveryObserver(registry, logger),
    providerTimeoutMs: config.PROVIDER_TIMEOUT_MS,
  });

  let consuming = false;
  const admin = await startAdminServer({
    host: config.LISTEN_HOST,
    port: config.ADMIN_PORT,
    registry,
    async isReady() {
      if (!consuming) throw new Error('not consuming');
      await answersWithin(redis.ping(), PING_MS);
    },
  });
  disposer.add(() => admin.close());

  const consumer = startDeliveryConsumer({
    channel: 'sms',
    connection: redis,
    concurrency: config.WORKER_CONCURRENCY,
    logger,
    process: createDeliveryJob({ deliverCode, registry, logger }),
  });
  consuming = true;
  disposer.add(() => {
    consuming = false;
    return consumer.close();
  });
  return { name: 'worker', url: null, adminUrl: admin.url, close: () => disposer.dispose() };
}

async function ownClock(redis: Parameters<typeof createRedisClock>[0], disposer: Disposer): Promise<Clock> {
  const clock = await createRedisClock(redis);
  disposer.add(() => clock[Symbol.dispose]());
  return clock;
}

/** The worker's commands wait for a Redis that is away; readiness must not. */
async function answersWithin(answer: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('Redis does not answer')), ms);
  });
  try {
    await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
