import { loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { openRecords } from '@watchword/records';
import {
  createTraffic,
  eventually,
  killRecorders,
  type Platform,
  percentile,
  sendTraffic,
  startPlatform,
  switchFaults,
  type Traffic,
} from '@watchword/testkit';
import { compareRecords } from './compare.ts';
import { openRedisView, type RedisView } from './redis-view.ts';
import type { SoakDatabase } from './soak-database.ts';
import { hasEnded, type RedisHash } from './stated.ts';
import { watchRedis } from './watch-redis.ts';

export interface SoakOptions {
  readonly seconds: number;
  readonly opensPerSecond: number;
  readonly killEverySeconds: number;
  /** The database is away from this second on, for so many. */
  readonly awayAtSecond: number;
  readonly awaySeconds: number;
  readonly seed: number;
}

const END_WITHIN_MS = 60_000;
/** And as long again as the database was away: on one machine with everything else it takes in some 2,000 events a second. */
const CATCH_UP_WITHIN_MS = 60_000;
const PROGRESS_EVERY_MS = 10_000;

const ENVIRONMENT = {
  CODE_TTL_SECONDS: '20',
  PACING_SECONDS: '0',
  PROJECT_SENDS_PER_HOUR: '0',
  // Short, so that hanging providers are left in time; long enough that a busy machine does not look like one.
  PROVIDER_TIMEOUT_MS: '1500',
  // Every call logged by every service, for ten minutes, would be most of the memory.
  LOG_LEVEL: 'info',
};

/** The platform without a recorder: the soak starts them and kills them. */
export const startSoakPlatform = ({ environment }: SoakDatabase) =>
  startPlatform({ env: { ...ENVIRONMENT, ...environment }, without: ['recorder'] });

export type SoakReport = Awaited<ReturnType<typeof soak>>;

/**
 * Sends traffic at a constant rate while recorders are killed and the database is away; then, when every verification has
 * ended and the recorder has caught up, compares what is recorded with all who know it. Ends by itself.
 */
export async function soak(platform: Platform, database: SoakDatabase, options: SoakOptions) {
  const redis = await openRedisView(platform.file.redis);
  const watch = await watchRedis(redis);
  const traffic = createTraffic();
  const kills = killRecorders(platform, options.killEverySeconds * 1_000);
  const since = performance.now();
  const tell = (what: string) =>
    process.stdout.write(`soak, ${Math.round((performance.now() - since) / 1_000)} s: ${what}\n`);
  const progress = setInterval(() => {
    const { events, memoryBytes } = watch.latest();
    const { told, refused, failures } = traffic;
    const counts = `${told.size} opened, ${refused} refused, ${failures.length} failures, ${kills.count} kills`;
    // A busy machine refuses calls: the load tells one from the other.
    const load = loadavg()[0]?.toFixed(1);
    tell(`${counts}, ${events} events behind, Redis ${Math.round(memoryBytes / 1e6)} MB, load ${load}`);
  }, PROGRESS_EVERY_MS);
  try {
    const [away] = await Promise.all([
      takeAwayLater(() => database.takeAway(platform.directory, options.awaySeconds), options, traffic, tell),
      sendTraffic(platform, options, traffic),
      switchFaults(platform, options.seconds * 1_000),
    ]);
    await kills.stop();
    tell('no more traffic, no more kills');
    await eventually('every verification ended', END_WITHIN_MS, async () =>
      (await haveEnded(redis)) ? true : undefined,
    );
    const endedAt = Date.now();
    await eventually('every event recorded', CATCH_UP_WITHIN_MS + options.awaySeconds * 1_000, async () =>
      watch.isQuiet(endedAt) ? true : undefined,
    );
    tell('all has ended and is recorded; comparing');
    const compared = await compareAll(platform, database, redis, traffic);
    const figures = {
      ...options,
      kills: kills.count,
      ...compared.figures,
      ...figuresOf(traffic),
      refused_while_away: away.refused,
      calls_while_away: away.calls,
      ...watch.figures(away.from, away.until),
      last_events_recorded_ms: Math.max(0, watch.emptySince() - endedAt),
    };
    return { figures, failures: traffic.failures, poison: compared.poison, differences: compared.differences };
  } finally {
    clearInterval(progress);
    // Nothing is left to be told: either they stopped in order above, or another failure is on its way.
    await kills.stop().catch(() => undefined);
    await watch.stop();
    redis.close();
  }
}

async function takeAwayLater(
  takeAway: () => Promise<void>,
  { awayAtSecond, awaySeconds }: SoakOptions,
  traffic: Traffic,
  tell: (what: string) => void,
) {
  await delay(awayAtSecond * 1_000);
  const from = Date.now();
  tell(`the database is away for ${awaySeconds} s`);
  const [refusedBefore, callsBefore] = [traffic.refused, traffic.answeredMs.length];
  await takeAway();
  tell('the database serves again');
  const [refused, calls] = [traffic.refused - refusedBefore, traffic.answeredMs.length - callsBefore];
  return { from, until: Date.now(), refused, calls };
}

async function haveEnded(redis: RedisView): Promise<boolean> {
  const hashes = [...(await redis.verifications()).values()];
  return hashes.every((hash) => hash.s !== 'pending') && hashes.flatMap(deliveryStatuses).every(hasEnded);
}

const deliveryStatuses = (hash: RedisHash) =>
  Array.from({ length: Number(hash.n) }, (_, index) => hash[`s${index + 1}`] ?? '');

async function compareAll(platform: Platform, database: SoakDatabase, redis: RedisView, { told }: Traffic) {
  const records = await openRecords(database.target(platform.directory));
  try {
    const hashes = await redis.verifications();
    const { differences, ...counts } = await compareRecords({ platform, records, told, hashes });
    const ended = countEach([...hashes.values()].map(({ s = '' }) => s));
    const deliveries = countEach([...hashes.values()].flatMap(deliveryStatuses));
    return { figures: { ...counts, ended, deliveries }, differences, poison: await records.listPoison(10) };
  } finally {
    await records.close();
  }
}

const countEach = (values: readonly string[]) =>
  Object.fromEntries([...Map.groupBy(values, (value) => value)].map(([value, all]) => [value, all.length]));

const figuresOf = ({ told, led, unreached, refused, refusals, answeredMs }: Traffic) => ({
  opened: told.size,
  calls: answeredMs.length,
  refused,
  refusals: Object.fromEntries(refusals),
  call_p99_ms: Math.round(percentile(answeredMs, 0.99)),
  call_max_ms: Math.round(percentile(answeredMs, 1)),
  led: Object.fromEntries(led),
  unreached,
});
