import { type Disposer, type Logger, noticesTotal, type RedisConnection, type Registry } from '@watchword/platform';
import type { Batch, Records } from '@watchword/records';
import type { Sealer } from '@watchword/verifications';
import type { NoticeConfig } from './config.ts';
import { createFindAdmins } from './find-admins.ts';
import { createNoticeBoard } from './notice-board.ts';
import { createNoticeRelay } from './notice-relay.ts';
import { type NoticeObserver, startNotices } from './notices.ts';

export interface NoticeParts {
  readonly config: NoticeConfig;
  readonly redis: RedisConnection;
  readonly records: Records;
  readonly sealer: Sealer;
  readonly registry: Registry;
  readonly logger: Logger;
  readonly now: () => number;
}

/** One mail to a project's admins in ten minutes, with what happened since the last. */
const EVERY_MS = 10 * 60_000;
/** Longer than mails to twenty admins take, one after another, at a relay that hangs. */
const LEASE_MS = 5 * 60_000;

/** Starts the notices, if the environment says where they go. Is to be handed each batch that was recorded. */
export function composeNotices(parts: NoticeParts, disposer: Disposer): (batch: Batch) => void {
  const { config, redis, records, sealer, registry, logger, now } = parts;
  const relay = createNoticeRelay(config);
  if (relay === undefined) {
    logger.info('nobody is told of codes that cannot be delivered: NOTICE_SMTP_URL is not set');
    return () => undefined;
  }
  disposer.add(() => relay.close());
  const notices = startNotices({
    board: createNoticeBoard({ redis, now, everyMs: EVERY_MS, leaseMs: LEASE_MS }),
    relay,
    findAdmins: createFindAdmins({ records, sealer, fallback: config.ADMIN_EMAIL }),
    observer: createNoticeObserver(registry, logger),
    now,
  });
  disposer.add(() => notices.stop(), 'a notice to admins');
  return notices.take;
}

function createNoticeObserver(registry: Registry, logger: Logger): NoticeObserver {
  const notices = noticesTotal(registry);
  return {
    told(project, admins) {
      notices.inc({ result: 'told' });
      logger.info({ project, admins }, 'admins were told of codes that could not be delivered');
    },
    untold(project, reasons) {
      notices.inc({ result: 'untold' });
      logger.warn({ project, reasons }, 'admins could not be told of codes that could not be delivered; tried again');
    },
    dropped(project) {
      notices.inc({ result: 'dropped' });
      logger.error({ project }, 'admins were not told of codes that could not be delivered: it took a day');
    },
    failing(error) {
      logger.warn({ err: error }, 'notices wait: they are tried again until they can be told');
    },
  };
}
