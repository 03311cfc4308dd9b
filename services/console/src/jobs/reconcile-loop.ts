import type { Logger } from '@watchword/platform';

export interface ReconcileLoopDeps {
  readonly reconcile: () => Promise<void>;
  readonly logger: Logger;
  readonly everyMs?: number;
}

export interface ReconcileLoop {
  /** Ends after the round that runs. */
  stop(): Promise<void>;
}

const EVERY_MS = 1_000;
/** Away for long is said once, not each second. */
const FAILURES_BEFORE_WARNING = 3;

/** Round after round; what fails is tried again in the next one. */
export function startReconcileLoop({ reconcile, logger, everyMs = EVERY_MS }: ReconcileLoopDeps): ReconcileLoop {
  let failures = 0;
  let warnedOf: string | undefined;
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  let round = Promise.resolve();

  async function run(): Promise<void> {
    try {
      await reconcile();
      if (failures >= FAILURES_BEFORE_WARNING) logger.info({}, 'the configuration is published again');
      failures = 0;
      warnedOf = undefined;
    } catch (error) {
      failures += 1;
      // One project that cannot be published does not hide what comes on top of it.
      if (failures >= FAILURES_BEFORE_WARNING && String(error) !== warnedOf) {
        warnedOf = String(error);
        logger.warn({ err: error }, 'the configuration cannot be published, and is tried again each second');
      }
    }
    if (!isStopped) timer = setTimeout(start, everyMs);
  }

  function start(): void {
    round = run();
  }

  start();
  return {
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await round;
    },
  };
}
