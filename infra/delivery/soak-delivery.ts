import { loadavg } from 'node:os';
import { CHANNELS, type Channel } from '@watchword/contracts';
import { connectRedis, createDeliveryProducer, createLogger, type RedisConnection, Secret } from '@watchword/platform';
import { eventually, type Platform, startPlatform } from '@watchword/testkit';
import { randomOf } from '@watchword/testkit/random';
import { expect } from 'vitest';
import { openRedisView } from '../soak/redis-view.ts';
import { type Account, accountFor } from './account-for.ts';
import { mixFaults } from './mixed-faults.ts';
import { type Accounted, sendMixed } from './mixed-sends.ts';

export interface DeliverySoakOptions {
  readonly seconds: number;
  readonly sendsPerSecond: number;
  readonly faultEverySeconds: number;
  readonly seed: number;
}

const CODE_TTL_SECONDS = 45;
const PROGRESS_EVERY_MS = 10_000;
/** The last codes expire, and what waits for a provider learns that. */
const END_WITHIN_MS = (CODE_TTL_SECONDS + 45) * 1_000;

/** Codes that live as long as a workflow of three steps needs, and providers that are left in time. */
export const startDeliverySoakPlatform = () =>
  startPlatform({
    env: {
      CODE_TTL_SECONDS: String(CODE_TTL_SECONDS),
      PROVIDER_TIMEOUT_MS: '1500',
      LOG_LEVEL: 'info',
      USER_SENDS_PER_MINUTE: '0',
    },
  });

/**
 * Sends at a constant rate over all channels while providers misbehave in turn, and accounts for every delivery once all has
 * ended. Ends by itself; sooner, with an AbortError, when its test does.
 */
export async function soakDelivery(platform: Platform, options: DeliverySoakOptions, testSignal: AbortSignal) {
  const view = await openRedisView(platform.file.redis);
  const logger = createLogger({ service: 'soak', level: 'silent' });
  const url = new Secret(platform.file.redis);
  const redis = await connectRedis({ url, name: 'soak delivery', profile: 'worker', logger });
  const ending = new AbortController();
  const signal = AbortSignal.any([ending.signal, testSignal]);
  const told: Accounted = { opened: new Set(), refused: 0, failures: [] };
  const since = performance.now();
  const tell = (what: string) =>
    process.stdout.write(`soak of deliveries, ${Math.round((performance.now() - since) / 1_000)} s: ${what}\n`);
  const progress = setInterval(() => {
    const load = loadavg()[0]?.toFixed(1);
    tell(`${told.opened.size} sent, ${told.refused} refused, ${told.failures.length} failures, load ${load}`);
  }, PROGRESS_EVERY_MS);
  try {
    const { seconds, sendsPerSecond, faultEverySeconds, seed } = options;
    const [faults] = await Promise.all([
      mixFaults(platform, { forMs: seconds * 1_000, everyMs: faultEverySeconds * 1_000, draw: randomOf(seed), signal }),
      sendMixed(platform, { seconds, perSecond: sendsPerSecond, draw: randomOf(seed + 1), signal }, told),
    ]);
    tell('no more sends, no more faults');
    const account = await eventually('every delivery ended', END_WITHIN_MS, async () => {
      const now = accountFor((await view.verifications()).values());
      return now.open + now.pending === 0 ? now : undefined;
    }).catch(async () => accountFor((await view.verifications()).values()));
    const known = await view.verifications();
    const lost = [...told.opened].filter((id) => !known.has(id.slice('ver_'.length))).length;
    return { ...options, faults, ...told, opened: told.opened.size, lost, account, jobs: await jobsOf(redis) };
  } finally {
    // What goes on when the other failed.
    ending.abort();
    clearInterval(progress);
    redis.disconnect();
    view.close();
  }
}

/** What is left in the queues. */
async function jobsOf(redis: RedisConnection): Promise<Record<string, number>> {
  const logger = createLogger({ service: 'soak', level: 'silent' });
  const left: Record<string, number> = {};
  for (const channel of CHANNELS) {
    const producer = createDeliveryProducer(channel, redis, logger);
    const counts = await producer.counts();
    left[channel] = Object.values(counts).reduce((sum, count) => sum + count, 0);
    await producer.close();
  }
  return left;
}

const HAS_SECONDARY: ReadonlySet<Channel> = new Set(['sms', 'whatsapp']);

/** Every send that was answered 202 is accounted for, and nothing is stuck. */
export function expectAccountedFor(report: Awaited<ReturnType<typeof soakDelivery>>): void {
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  const { account, opened, seconds, sendsPerSecond } = report;
  expect(report.failures).toEqual([]);
  expect(opened).toBe(seconds * sendsPerSecond);
  expect(report.lost).toBe(0);
  expect(account).toMatchObject({ open: 0, pending: 0, silent: 0, verifications: opened } satisfies Partial<Account>);
  expect(account.taken + account.failed + account.expired).toBe(account.deliveries);
  expect(account.deliveries).toBeGreaterThanOrEqual(opened);
  expect(report.jobs).toEqual(Object.fromEntries(CHANNELS.map((channel) => [channel, 0])));
  for (const channel of CHANNELS) {
    const { accepted = 0, delivered = 0, read = 0, ...others } = account.byChannel[channel];
    const all = Object.values(others).reduce((sum, count) => sum + count, accepted + delivered + read);
    // Most arrive whatever the providers do where there are two; one alone is not called while its circuit is open.
    expect(accepted + delivered + read, channel).toBeGreaterThan(HAS_SECONDARY.has(channel) ? all / 2 : all / 10);
  }
}
