import { availableParallelism } from 'node:os';
import {
  checksTotal,
  createDeliveryProducer,
  createLogger,
  createRegistry,
  type DeliveryProducer,
  type Disposer,
  type Logger,
  listen,
  openRedis,
  queueJobs,
  type RunningService,
  sendsTotal,
  startAdminServer,
  withDisposer,
} from '@watchword/platform';
import { createDueSet, createVerifications } from '@watchword/verifications';
import { createCodeDigests, registerDigestProfile } from '@watchword/verifications/digest';
import { buildApp } from './app.ts';
import type { OtpConfig } from './config.ts';
import { createCodePolicies } from './domain/code-policies.ts';
import { startDueTicker } from './jobs/due-ticker.ts';
import type { DeliveryQueue } from './ports.ts';
import { createCancelVerification } from './usecases/cancel-verification.ts';
import { createCheckCode } from './usecases/check-code.ts';
import { createHandOver } from './usecases/hand-over.ts';
import { createOpenVerification } from './usecases/open-verification.ts';
import { createReadVerification } from './usecases/read-verification.ts';
import { createResendCode } from './usecases/resend-code.ts';

/** Digests that may wait: at the default cost, somewhat less than a second's worth. */
const DIGESTS_WAITING_MAX = 2_000;

export interface OtpParts {
  readonly logger?: Logger;
  /** Stands between the use-cases and BullMQ. */
  readonly wrapQueue?: (queue: DeliveryQueue) => DeliveryQueue;
}

/** Connects and constructs the otp service. */
export function composeOtp(config: OtpConfig, parts: OtpParts = {}): Promise<RunningService> {
  return withDisposer((disposer) => compose(config, parts, disposer));
}

async function compose(config: OtpConfig, parts: OtpParts, disposer: Disposer): Promise<RunningService> {
  const logger = parts.logger ?? createLogger({ service: 'otp', level: config.LOG_LEVEL });
  const { PEPPER, SEAL_KEY, ID_KEY, HOP_KEY } = config;
  const { redis, clock } = await openRedis(
    { url: config.REDIS_URL, name: 'otp', profile: 'request', logger, keys: { PEPPER, SEAL_KEY, ID_KEY, HOP_KEY } },
    disposer,
  );
  const registry = createRegistry('otp');

  const producer = createDeliveryProducer('sms', redis, logger);
  disposer.add(() => producer.close());
  queueJobs(registry, () => producer.counts());
  const queue = parts.wrapQueue?.(toDeliveryQueue(producer)) ?? toDeliveryQueue(producer);

  const digests = createCodeDigests({
    peppers: config.PEPPER,
    clock,
    concurrency: availableParallelism(),
    waitingMax: DIGESTS_WAITING_MAX,
  });
  const profiles = await registerDigestProfile(redis, { memoryKib: config.CODE_DIGEST_MEMORY_KIB });
  const verifications = createVerifications({
    redis,
    clock,
    idKey: config.ID_KEY,
    sealKeys: config.SEAL_KEY,
    digests,
    profiles,
  });
  const policies = createCodePolicies(config);
  const sends = sendsTotal(registry);
  const checks = checksTotal(registry);
  const onSend = (outcome: string) => sends.inc({ outcome });
  const onCheck = (result: string) => checks.inc({ result });
  const handOver = createHandOver(queue, clock, logger);
  const reading = createReadVerification(verifications);
  const app = buildApp({
    logger,
    registry,
    hopKey: config.HOP_KEY,
    clock,
    useCases: {
      ...reading,
      openVerification: createOpenVerification({ verifications, policies, handOver, onSend }),
      resendCode: createResendCode({ verifications, policies, handOver, onSend }),
      checkCode: createCheckCode({ verifications, policies, onCheck }),
      cancelVerification: createCancelVerification(verifications, reading.readVerification),
    },
  });

  const ticker = startDueTicker(createDueSet(redis, clock), queue, registry, logger);
  disposer.add(() => ticker.stop());
  const url = await listen(app, { host: config.LISTEN_HOST, port: config.OTP_PORT, variable: 'OTP_PORT' });
  disposer.add(() => app.close());
  const admin = await startAdminServer({
    host: config.LISTEN_HOST,
    port: config.ADMIN_PORT,
    registry,
    isReady: async () => {
      await redis.ping();
    },
  });
  disposer.add(() => admin.close());
  return { name: 'otp', url, adminUrl: admin.url, close: () => disposer.dispose() };
}

/** A job's id holds the attempts made so far, so that the job of a dead worker is not in the way of the next. */
function toDeliveryQueue(producer: DeliveryProducer): DeliveryQueue {
  return {
    enqueue: (deliveryId, attempts, requestId) =>
      producer.enqueue(`${deliveryId}-${attempts}`, {
        delivery: deliveryId,
        ...(requestId === undefined ? {} : { requestId }),
      }),
  };
}
