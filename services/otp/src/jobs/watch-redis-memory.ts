import { type Logger, type RedisConnection, type Registry, redisMemoryUsedRatio } from '@watchword/platform';
import type { RedisRoom } from '../ports.ts';

const LOOK_EVERY_MS = 1_000;
/** From here on nothing is opened: checks, receipts and what is under way need the rest. */
const SHORT_FROM = 0.7;
/** And not again before this, so that it does not flap. */
const ROOM_BELOW = 0.65;

export interface RedisMemoryWatch extends RedisRoom {
  /** Ends after the look that runs. */
  stop(): Promise<void>;
}

/**
 * Looks each second at how full the fullest primary is; resolves after the first look. While none answers the last word holds:
 * nothing is opened then anyway. One without `maxmemory` has no end that could be known, and counts as empty.
 */
export async function watchRedisMemory(
  redis: RedisConnection,
  registry: Registry,
  logger: Logger,
): Promise<RedisMemoryWatch> {
  let isShort = false;
  let ratio: number | undefined;
  redisMemoryUsedRatio(registry, () => ratio);

  async function look(): Promise<void> {
    ratio = await readFullest(redis);
    if (ratio === undefined) return;
    if (!isShort && ratio >= SHORT_FROM) {
      isShort = true;
      logger.error({ ratio }, 'Redis is short of memory: nothing is opened or resent until it has room');
    } else if (isShort && ratio < ROOM_BELOW) {
      isShort = false;
      logger.warn({ ratio }, 'Redis has room again');
    }
  }

  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  async function tick(): Promise<void> {
    await look();
    if (!stopped) timer = setTimeout(schedule, LOOK_EVERY_MS);
  }
  let running: Promise<void> = Promise.resolve();
  function schedule(): void {
    running = tick();
  }
  schedule();
  await running;

  return {
    isShort: () => isShort,
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}

/** Undefined when no primary answers. */
async function readFullest(redis: RedisConnection): Promise<number | undefined> {
  const primaries = 'nodes' in redis ? redis.nodes('master') : [redis];
  const looks = await Promise.allSettled(primaries.map(async (node) => usedRatioOf(await node.info('memory'))));
  const ratios = looks.flatMap((look) => (look.status === 'fulfilled' ? [look.value] : []));
  return ratios.length === 0 ? undefined : Math.max(...ratios);
}

function usedRatioOf(info: string): number {
  const bytesOf = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);
  const max = bytesOf('maxmemory');
  return max === 0 ? 0 : bytesOf('used_memory') / max;
}
