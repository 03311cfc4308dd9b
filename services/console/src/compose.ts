import { createPairings, platformChannelsOf } from '@watchword/delivery';
import {
  configPublicationsTotal,
  configUnpublishedProjects,
  createConfigCopies,
  createLogger,
  createRegistry,
  type Disposer,
  type Logger,
  listen,
  monthOf,
  openRedis,
  type RedisConnection,
  type RunningService,
  readKeysUsed,
  seedQuota,
  startAdminServer,
  withDisposer,
} from '@watchword/platform';
import { openRecords, type Records, recordsTarget } from '@watchword/records';
import { createSealer } from '@watchword/verifications';
import { buildApp } from './app.ts';
import type { ConsoleConfig } from './config.ts';
import { searchRoutes } from './http/search-routes.ts';
import { startReconcileLoop } from './jobs/reconcile-loop.ts';
import { createManagement } from './management.ts';
import { resolveHost } from './net/resolve-host.ts';
import type { PublishedCopies, QuotaSeeds, ResolveHost } from './ports.ts';
import { createSearchUseCases } from './search.ts';
import { MARK_DEAD_MS } from './usecases/reconcile.ts';

export interface ConsoleParts {
  readonly logger?: Logger;
  /** Stands between the use-cases and Redis. */
  readonly wrapCopies?: (copies: PublishedCopies) => PublishedCopies;
  /** Instead of the machine's own resolver. */
  readonly resolveHost?: ResolveHost;
}

const RECORDS_FILE = '.data/records.db';
/** Below the gateway's patience, so that callers hear from us what is wrong. */
const RECORDS_ANSWER_MS = 1_500;
/** Longer than a round of the loop takes to see to it. */
const LEFT_OVER_MS = MARK_DEAD_MS + 5_000;

const FOREIGN_COPIES =
  'Redis holds published configuration, but the database holds no project: is it another database than before? API keys that were published from that one stay valid until Redis is emptied.';

/** Connects and constructs the console, which publishes from then on what is not published. */
export function composeConsole(config: ConsoleConfig, parts: ConsoleParts = {}): Promise<RunningService> {
  return withDisposer((disposer) => compose(config, parts, disposer));
}

async function compose(config: ConsoleConfig, parts: ConsoleParts, disposer: Disposer): Promise<RunningService> {
  const logger = parts.logger ?? createLogger({ service: 'console', level: config.LOG_LEVEL });
  const registry = createRegistry('console');
  const { REDIS_URL: url, SEAL_KEY, HOP_KEY, INDEX_KEY } = config;
  const { redis, clock } = await openRedis(
    { url, name: 'console', profile: 'request', logger, keys: { SEAL_KEY, HOP_KEY, INDEX_KEY } },
    disposer,
  );
  const target = recordsTarget(config) ?? { file: RECORDS_FILE };
  const records = await openRecords({ ...target, answerWithinMs: RECORDS_ANSWER_MS });
  disposer.add(() => records.close(), 'the records');

  const now = () => clock.now();
  const publications = configPublicationsTotal(registry);
  const copies = createConfigCopies(redis);
  const { configuration, audit } = records;
  const sealer = createSealer(SEAL_KEY);
  const management = createManagement({
    configuration,
    audit,
    copies: parts.wrapCopies?.(copies) ?? copies,
    keyUse: { lastUsed: (project) => readKeysUsed(redis, project) },
    quotas: createQuotaSeeds(redis, records, now),
    pairings: createPairings(redis),
    observer: {
      published: (result) => publications.inc({ result }),
      foundForeignCopies: () => logger.warn({}, FOREIGN_COPIES),
    },
    sealer,
    platformChannels: platformChannelsOf(config),
    isWhatsAppWebOn: config.WHATSAPP_WEB === 'on',
    resolveHost: parts.resolveHost ?? resolveHost,
    now,
  });
  configUnpublishedProjects(registry, async () => {
    const { length: value } = await configuration.projects.unpublished(now() - LEFT_OVER_MS);
    return [{ value }];
  });

  const loop = startReconcileLoop({ reconcile: management.reconcile, logger });
  disposer.add(() => loop.stop(), 'a round of publishing');
  const search = searchRoutes(createSearchUseCases({ records, indexKey: INDEX_KEY, sealer, now }));
  const app = buildApp({ logger, registry, hopKey: HOP_KEY, clock, routes: [management.routes, search] });
  const listening = await listen(app, {
    host: config.LISTEN_HOST,
    port: config.CONSOLE_PORT,
    variable: 'CONSOLE_PORT',
  });
  disposer.add(() => app.close(), 'requests that are being answered');
  const admin = await startAdminServer(
    {
      host: config.LISTEN_HOST,
      port: config.ADMIN_PORT,
      registry,
      isReady: async () => {
        await redis.ping();
        await configuration.projects.list(null, 1);
      },
    },
    disposer,
  );
  return {
    name: 'console',
    url: listening,
    adminUrl: admin.url,
    close: disposer.dispose,
    stopGraceSeconds: config.STOP_GRACE_SECONDS,
    pending: disposer.pending,
  };
}

function createQuotaSeeds(redis: RedisConnection, records: Records, now: () => number): QuotaSeeds {
  return {
    async seed(project) {
      const month = monthOf(now());
      const used = await records.readQuota(project, month);
      if (used > 0) await seedQuota(redis, project, month, used);
    },
  };
}
