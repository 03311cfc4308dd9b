import { type Clock, type Logger, noteKeysUsed, type RedisConnection } from '@watchword/platform';
import type { LastUsed } from '../ports.ts';

export interface LastUsedDeps {
  readonly redis: RedisConnection;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly flushEveryMs?: number;
}

export interface ClosableLastUsed extends LastUsed {
  flush(): Promise<void>;
  /** Writes what is not written yet. */
  close(): Promise<void>;
}

const FLUSH_EVERY_MS = 10_000;
const KEYS_MAX = 10_000;

/** Gathers when keys were used, and tells Redis every ten seconds: no call waits for it, and a lost word is lost. */
export function createLastUsed({
  redis,
  clock,
  logger,
  flushEveryMs = FLUSH_EVERY_MS,
}: LastUsedDeps): ClosableLastUsed {
  let used = new Map<string, Map<string, number>>();
  let count = 0;

  async function flush(): Promise<void> {
    const told = used;
    used = new Map();
    count = 0;
    try {
      for (const [project, keys] of told) await noteKeysUsed(redis, project, keys);
    } catch (error) {
      logger.debug({ err: error }, 'last use of keys not noted');
    }
  }

  const timer = setInterval(() => void flush(), flushEveryMs);
  timer.unref();
  return {
    note({ project, key }) {
      const keys = used.get(project) ?? new Map<string, number>();
      if (!keys.has(key)) {
        if (count >= KEYS_MAX) return;
        count += 1;
        used.set(project, keys);
      }
      keys.set(key, clock.now());
    },
    flush,
    async close() {
      clearInterval(timer);
      await flush();
    },
  };
}
