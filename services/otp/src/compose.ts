import { availableParallelism } from 'node:os';
import {
  type Clock,
  checksTotal,
  createConfigCache,
  createConfigCopies,
  createLogger,
  createRegistry,
  type Disposer,
  digestPoolDigests,
  digestPoolRefusedTotal,
  type Logger,
  listen,
  openRedis,
  type RedisConnection,
  type RunningService,
  sendsTotal,
  startAdminServer,
  withDisposer,
} from '@watchword/platform';
import { openRecords, recordsTarget } from '@watchword/records';
import { createDueSet, createErasure, createSealer, createVerifications } from '@watchword/verifications';
import { createCodeDigests, digestsAtATime, registerDigestProfile } from '@watchword/verifications/digest';
import { buildApp } from './app.ts';
import { composeReceipts } from './compose-receipts.ts';
import type { OtpConfig } from './config.ts';
import { createCodePolicyOf } from './domain/code-policies.ts';
import { openDeliveryQueues } from './jobs/delivery-queues.ts';
import { startDueTicker } from './jobs/due-ticker.ts';
import { watchRedisMemory } from './jobs/watch-redis-memory.ts';
import type { DeliveryQueue } from './ports.ts';
import { createRulesOf } from './projects/project-rules.ts';
import { createApprovalTokens } from './tokens/approval-tokens.ts';
import { createCancelVerification } from './usecases/cancel-verification.ts';
import { createCheckCode } from './usecases/check-code.ts';
import { createConsumeToken } from './usecases/consume-token.ts';
import { createEraseDestination } from './usecases/erase-destination.ts';
import { createGuardSend } from './usecases/guard-send.ts';
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
  const { PEPPER, SEAL_KEY, ID_KEY, HOP_KEY, TOKEN_KEY } = config;
  const keys = { PEPPER, SEAL_KEY, ID_KEY, HOP_KEY, TOKEN_KEY };
  const { redis, clock } = await openRedis(
    { url: config.REDIS_URL, name: 'otp', profile: 'request', logger, keys },
    disposer,
  );
  const registry = createRegistry('otp');

  const queues = openDeliveryQueues(redis, registry, logger);
  disposer.add(() => queues.close());
  const queue = parts.wrapQueue?.(queues) ?? queues;

  const { digests, profiles } = await startDigests(config, redis, clock);
  digestPoolDigests(registry, digests.figures);
  digestPoolRefusedTotal(registry, () => digests.figures().refused);
  const verifications = createVerifications({ redis, clock, idKey: ID_KEY, sealKeys: SEAL_KEY, digests, profiles });
  const tokens = await createApprovalTokens({
    ring: TOKEN_KEY,
    clock,
    issuer: config.TOKEN_ISSUER,
    // The mark of a token that was consumed goes with its verification.
    ttlSeconds: Math.min(config.TOKEN_TTL_SECONDS, config.ENDED_RETENTION_SECONDS),
  });
  const sealer = createSealer(SEAL_KEY);
  const cache = createConfigCache({ copies: createConfigCopies(redis), part: 'sending' });
  const rulesOf = createRulesOf({ cache, policyOf: createCodePolicyOf(config), sealer, logger });
  const room = await watchRedisMemory(redis, registry, logger);
  disposer.add(() => room.stop(), 'a look at the memory of Redis');
  const sends = sendsTotal(registry);
  const checks = checksTotal(registry);
  const onSend = (outcome: string) => sends.inc({ outcome });
  const onCheck = (result: string) => checks.inc({ result });
  const sending = {
    verifications,
    rulesOf,
    guardSend: createGuardSend({ verifications, room, onSend }),
    handOver: createHandOver(queue, clock, logger),
    onSend,
  };
  const records = await openDurableRecords(config, disposer);
  const reading = createReadVerification({ verifications, records, sealer, now: () => clock.now() });
  const app = buildApp({
    logger,
    registry,
    hopKey: config.HOP_KEY,
    clock,
    useCases: {
      ...reading,
      openVerification: createOpenVerification(sending),
      resendCode: createResendCode(sending),
      checkCode: createCheckCode({
        verifications,
        records,
        tokens,
        streakFreeChecks: config.STREAK_FREE_CHECKS,
        onCheck,
      }),
      cancelVerification: createCancelVerification(verifications, reading.readVerification),
      consumeToken: createConsumeToken({ verifications, tokens }),
      jwks: tokens.jwks,
    },
    eraseDestination: createEraseDestination({
      erasure: createErasure({ redis, clock, idKey: ID_KEY, sealer }),
      rulesOf,
    }),
    applyReceipts: composeReceipts({ config, redis, clock, registry, logger, sealer }),
  });

  const ticker = startDueTicker(createDueSet(redis, clock), queue, registry, logger);
  disposer.add(() => ticker.stop(), 'a round of the due set');
  const url = await listen(app, { host: config.LISTEN_HOST, port: config.OTP_PORT, variable: 'OTP_PORT' });
  disposer.add(() => app.close(), 'requests that are being answered');
  const admin = await startAdminServer(
    {
      host: config.LISTEN_HOST,
      port: config.ADMIN_PORT,
      registry,
      isReady: async () => {
        await redis.ping();
      },
    },
    disposer,
  );
  return {
    name: 'otp',
    url,
    adminUrl: admin.url,
    close: disposer.dispose,
    stopGraceSeconds: config.STOP_GRACE_SECONDS,
    pending: disposer.pending,
  };
}

/** The first digest, of nothing, tells the pool what one costs, so that it can turn away the first burst. */
async function startDigests(config: OtpConfig, redis: RedisConnection, clock: Clock) {
  const { PEPPER: peppers, CODE_DIGEST_MEMORY_KIB: memoryKib } = config;
  const digests = createCodeDigests({
    peppers,
    clock,
    concurrency: digestsAtATime(memoryKib, availableParallelism()),
    waitingMax: DIGESTS_WAITING_MAX,
  });
  await digests.digest('', '', { memoryKib, pepper: peppers.current.id }, Number.POSITIVE_INFINITY);
  return { digests, profiles: await registerDigestProfile({ redis, memoryKib, peppers }) };
}

/** Nothing but reading asks the records, and no reading waits for them longer than this. */
const RECORDS_ANSWER_MS = 500;

async function openDurableRecords(config: OtpConfig, disposer: Disposer) {
  const target = recordsTarget(config);
  if (target === null) return undefined;
  const records = await openRecords({ ...target, answerWithinMs: RECORDS_ANSWER_MS });
  disposer.add(() => records.close(), 'the records');
  return records;
}
