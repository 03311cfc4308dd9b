import { CHANNELS } from '@watchword/contracts';
import {
  baseUrlOf,
  createCircuit,
  createMessageMap,
  createSandboxTokens,
  createSendRate,
  type OpenSocket,
  type WhatsAppWeb,
} from '@watchword/delivery';
import {
  type Clock,
  createConfigCache,
  createConfigCopies,
  createLogger,
  createRegistry,
  type DeliveryConsumer,
  type Disposer,
  type Logger,
  openRedis,
  type RedisConnection,
  type Registry,
  type RunningService,
  startAdminServer,
  startDeliveryConsumer,
  withDisposer,
} from '@watchword/platform';
import { createDeliveries, createReceipts, createSealer, type Deliveries, type Sealer } from '@watchword/verifications';
import { adaptersOf, createPlatformAccounts, type PlatformAccounts } from './accounts/platform-accounts.ts';
import { createProjectAccounts } from './accounts/project-accounts.ts';
import { startWhatsAppWeb } from './accounts/whatsapp-web.ts';
import type { WorkerConfig } from './config.ts';
import { jobMaxMsOf, leaseOf } from './domain/times.ts';
import { showCircuits } from './jobs/circuit-states.ts';
import { createDeliveryJobs } from './jobs/delivery-job.ts';
import { createDeliveryObserver } from './jobs/delivery-observer.ts';
import { createApplyReceipt } from './usecases/apply-receipt.ts';
import { createBindMessage } from './usecases/bind-message.ts';
import { createDeliverCode } from './usecases/deliver-code.ts';
import { createPlanSending, ofPlatform } from './usecases/plan-sending.ts';
import { createReadQualities } from './usecases/read-qualities.ts';

export interface ComposeWorkerOptions {
  readonly logger?: Logger;
  readonly clock?: Clock;
  /** Stands between the jobs and Redis. */
  readonly wrapDeliveries?: (deliveries: Deliveries) => Deliveries;
  /** Instead of Baileys', with `WHATSAPP_WEB` on. */
  readonly openWhatsAppSocket?: OpenSocket;
}

const surroundingsOf = ({ SANDBOX_URL, SANDBOX_SMTP_URL, PROVIDER_TIMEOUT_MS, RECEIPTS_URL }: WorkerConfig) => ({
  sandboxUrl: SANDBOX_URL,
  sandboxSmtpUrl: SANDBOX_SMTP_URL,
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
  const { wrapDeliveries = (deliveries) => deliveries } = options;

  const platform = createPlatformAccounts(config, surroundingsOf(config), createSandboxTokens(config.ID_KEY));
  for (const adapter of adaptersOf(platform)) {
    disposer.add(() => adapter.close());
    logger.info({ provider: adapter.name, mode: adapter.mode }, 'provider configured');
  }
  const keys = { ID_KEY: config.ID_KEY, SEAL_KEY: config.SEAL_KEY };
  const { redis, clock } = await openRedis(
    { url: config.REDIS_URL, name: 'worker', profile: 'worker', logger, keys, clock: options.clock },
    disposer,
  );
  const sealer = createSealer(config.SEAL_KEY);
  const health = composeHealth(config, { redis, clock, logger, registry });
  const web = { redis, clock, sealer, ...health, logger, openSocket: options.openWhatsAppSocket };
  const whatsAppWeb = config.WHATSAPP_WEB === 'on' ? await startWhatsAppWeb(web, disposer) : undefined;
  const connected = { platform, whatsAppWeb, redis, clock, sealer, ...health, logger, registry, wrapDeliveries };
  const deliverCode = composeDelivering(config, connected, disposer);
  const consumers = startConsumers(config, connected, createDeliveryJobs({ deliverCode, registry, logger }));
  disposer.add(
    async () => {
      await Promise.all(consumers.map((consumer) => consumer.close()));
    },
    () => `${consumers.reduce((sum, consumer) => sum + consumer.running(), 0)} deliveries that are being sent`,
  );
  const admin = await startAdminServer(
    {
      host: config.LISTEN_HOST,
      port: config.ADMIN_PORT,
      registry,
      isReady: async () => {
        await redis.ping();
      },
      isAlive: async () => {
        await Promise.all(consumers.map((consumer) => consumer.isAlive()));
      },
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

interface Connected extends ReturnType<typeof composeHealth> {
  readonly wrapDeliveries: (deliveries: Deliveries) => Deliveries;
  readonly platform: PlatformAccounts;
  readonly whatsAppWeb: WhatsAppWeb | undefined;
  readonly redis: RedisConnection;
  readonly clock: Clock;
  readonly sealer: Sealer;
  readonly logger: Logger;
  readonly registry: Registry;
}

/** What is known of the providers' health, and told of it. */
function composeHealth(
  config: WorkerConfig,
  { redis, clock, logger, registry }: Pick<Connected, 'redis' | 'clock' | 'logger' | 'registry'>,
) {
  const circuit = createCircuit({
    redis,
    clock,
    probeLeaseMs: leaseOf(config.PROVIDER_TIMEOUT_MS),
    slowMs: config.PROVIDER_SLOW_MS,
    openMs: config.CIRCUIT_OPEN_MS,
    recoveryMs: config.CIRCUIT_RECOVERY_MS,
  });
  const observer = createDeliveryObserver(registry, logger);
  const receipts = createReceipts({ redis, clock, idKey: config.ID_KEY });
  const applyReceipt = createApplyReceipt({ receipts, circuit, observer });
  return { circuit, observer, applyReceipt };
}

/** One for each channel that this worker serves. */
function startConsumers(
  { WORKER_CHANNELS, WORKER_CONCURRENCY, PROVIDER_TIMEOUT_MS }: WorkerConfig,
  { platform, redis, logger }: Connected,
  jobOf: ReturnType<typeof createDeliveryJobs>,
): DeliveryConsumer[] {
  return CHANNELS.filter((channel) => WORKER_CHANNELS.includes(channel)).map((channel) =>
    startDeliveryConsumer({
      channel,
      connection: redis,
      concurrency: WORKER_CONCURRENCY,
      jobMaxMs: jobMaxMsOf(platform[channel]?.length ?? 0, PROVIDER_TIMEOUT_MS),
      logger,
      process: jobOf(channel),
    }),
  );
}

/** What one job of any channel runs. */
function composeDelivering(config: WorkerConfig, connected: Connected, disposer: Disposer) {
  const { platform, whatsAppWeb, redis, clock, sealer, circuit, logger } = connected;
  const accounts = createProjectAccounts({
    sealer,
    surroundingsOf: (kind) => ({
      ...surroundingsOf(config),
      baseUrl: baseUrlOf(kind, config),
      ...(whatsAppWeb && { whatsAppWeb }),
    }),
    sandboxTokenOf: createSandboxTokens(config.ID_KEY),
    logger,
  });
  disposer.add(() => accounts.close());
  showCircuits(
    connected.registry,
    circuit,
    CHANNELS.flatMap((channel) => (platform[channel] ?? []).map((account) => ofPlatform(account, channel))),
  );
  return createDeliverCode({
    deliveries: connected.wrapDeliveries(
      createDeliveries({ redis, clock, idKey: config.ID_KEY, sealKeys: config.SEAL_KEY }),
    ),
    planSending: createPlanSending({
      cache: createConfigCache({ copies: createConfigCopies(redis), part: 'delivery' }),
      platform,
      accounts,
      readQualities: createReadQualities(circuit),
    }),
    circuit,
    rate: createSendRate(redis, clock),
    bindMessage: createBindMessage({
      messages: createMessageMap({ redis }),
      applyReceipt: connected.applyReceipt,
      logger,
    }),
    observer: connected.observer,
    providerTimeoutMs: config.PROVIDER_TIMEOUT_MS,
  });
}
