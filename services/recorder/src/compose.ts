import { randomBytes } from 'node:crypto';
import {
  type Clock,
  connectRedis,
  createLogger,
  createRegistry,
  type Disposer,
  type Logger,
  openRedis,
  type RunningService,
  recordingLagSeconds,
  shardsLeased,
  startAdminServer,
  startRetentionQueue,
  withDisposer,
} from '@watchword/platform';
import { createBlindIndex, openRecords, requiredRecordsTarget } from '@watchword/records';
import { createErasure, createSealer } from '@watchword/verifications';
import type { RecorderConfig } from './config.ts';
import { startRecordingLoop } from './jobs/recording-loop.ts';
import { createRecordingObserver } from './jobs/recording-observer.ts';
import { composeNotices } from './notices/compose-notices.ts';
import type { EventStreams } from './ports.ts';
import { createEventStreams, msOf } from './streams/event-streams.ts';
import { createHoldShards } from './usecases/hold-shards.ts';
import { createOtherShards } from './usecases/other-shards.ts';
import { createRecordEntries } from './usecases/record-entries.ts';
import { createSweepRecords } from './usecases/sweep-records.ts';

export interface RecorderParts {
  readonly logger?: Logger;
  readonly clock?: Clock;
  /** Stands between the use-cases and Redis. */
  readonly wrapStreams?: (streams: EventStreams) => EventStreams;
}

/** A page of events is worth waiting for; past this the database counts as away. */
const RECORDS_ANSWER_MS = 5_000;
const REDIS_ANSWER_MS = 2_000;

/** Connects and constructs the recorder, which records from then on. */
export function composeRecorder(config: RecorderConfig, parts: RecorderParts = {}): Promise<RunningService> {
  return withDisposer((disposer) => compose(config, parts, disposer));
}

async function compose(config: RecorderConfig, parts: RecorderParts, disposer: Disposer): Promise<RunningService> {
  const logger = parts.logger ?? createLogger({ service: 'recorder', level: config.LOG_LEVEL });
  const registry = createRegistry('recorder');
  const { SEAL_KEY, INDEX_KEY, ID_KEY, REDIS_URL: url } = config;
  const { redis, clock } = await openRedis(
    {
      url,
      name: 'recorder',
      profile: 'request',
      logger,
      commandTimeoutMs: REDIS_ANSWER_MS,
      keys: { SEAL_KEY, INDEX_KEY, ID_KEY },
      clock: parts.clock,
    },
    disposer,
  );
  const records = await openRecords({ ...requiredRecordsTarget(config), answerWithinMs: RECORDS_ANSWER_MS });
  disposer.add(() => records.close(), 'the records');

  const streams = parts.wrapStreams?.(createEventStreams(redis)) ?? createEventStreams(redis);
  const now = () => clock.now();
  const owner = `rec_${randomBytes(8).toString('hex')}`;
  const shards = createHoldShards({ records, owner, shards: streams.shards, now: () => clock.serverNow() });
  const observer = createRecordingObserver(registry, logger);
  const sealer = createSealer(SEAL_KEY);
  const recordEntries = createRecordEntries({
    records,
    otherShards: createOtherShards({ records, streams }),
    sealer,
    forgetting: createErasure({ redis, clock, idKey: ID_KEY, sealer }),
    blindIndex: createBlindIndex(INDEX_KEY),
    observer,
    onWritten: composeNotices({ config, redis, records, sealer, registry, logger, now }, disposer),
    now,
  });
  const loop = startRecordingLoop({ streams, shards, recordEntries, observer });
  disposer.add(() => loop.stop(), 'a round of recording');
  recordingLagSeconds(registry, () => {
    const oldest = loop.oldestWaiting();
    return oldest === undefined ? 0 : Math.max(0, clock.serverNow() - msOf(oldest)) / 1000;
  });
  shardsLeased(registry, () => shards.held.size);

  await startRetention(config, disposer, logger, async (signal) => {
    const sweep = createSweepRecords({ records, retentionDays: config.RECORDS_RETENTION_DAYS, now });
    const report = await sweep(signal);
    await shards.forgetDead();
    logger.info({ report }, 'old records were deleted');
  });
  const admin = await startAdminServer(
    {
      host: config.LISTEN_HOST,
      port: config.ADMIN_PORT,
      registry,
      isReady: async () => {
        await redis.ping();
        await records.cursors();
      },
      isAlive: loop.isAlive,
    },
    disposer,
  );
  return {
    name: 'recorder',
    url: null,
    adminUrl: admin.url,
    close: disposer.dispose,
    stopGraceSeconds: config.STOP_GRACE_SECONDS,
    pending: disposer.pending,
  };
}

async function startRetention(
  config: RecorderConfig,
  disposer: Disposer,
  logger: Logger,
  sweep: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const connection = await connectRedis({
    url: config.REDIS_URL,
    name: 'recorder retention',
    profile: 'worker',
    logger,
  });
  disposer.add(() => connection.disconnect());
  const queue = await startRetentionQueue({ connection, pattern: config.RETENTION_CRON, logger, process: sweep });
  disposer.add(() => queue.close(), 'deleting old records');
}
