import { connectRedis, createLogger, type RedisConnection, Secret } from '@watchword/platform';
import { FAULT_MODES, type FaultMode } from '@watchword/sandbox';
import { type Platform, startPlatform } from '@watchword/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Lane, STAGES, STEP_SECONDS } from './lanes.ts';
import { type Cell, measureCell } from './measure-cell.ts';
import { renderCells } from './render-cells.ts';

const PROVIDER_TIMEOUT_MS = 1_500;
/** Through the secondary, once the primary's fault is known. */
const P95_MS = 2_000;

const cells: Cell[] = [];
afterAll(() => {
  process.stdout.write(`\n${renderCells(cells)}\n`);
});

describe.each(STAGES)('providers as $env', ({ env, lanes }) => {
  let platform: Platform;
  let redis: RedisConnection;
  beforeAll(async () => {
    platform = await startPlatform({
      env: { PROVIDER_TIMEOUT_MS: String(PROVIDER_TIMEOUT_MS), LOG_LEVEL: 'info', USER_SENDS_PER_MINUTE: '0', ...env },
    });
    const logger = createLogger({ service: 'test', level: 'silent' });
    redis = await connectRedis({ url: new Secret(platform.file.redis), name: 'test', profile: 'worker', logger });
  });
  afterAll(async () => {
    (redis as RedisConnection | undefined)?.disconnect();
    await (platform as Platform | undefined)?.stop();
  });

  describe.each(lanes)('$channel by $primary, then $secondary', (lane) => {
    test.each(FAULT_MODES)('%s', async (fault) => {
      const cell = await measureCell(platform, redis, lane, fault);
      cells.push(cell);
      expectOutcome(cell, lane, fault);
    });
  });
});

interface Expected {
  /** Of one code, the least and the most. */
  readonly copies: readonly [number, number];
  /** Who may bring those that are sent once the fault is known. */
  readonly through: readonly string[];
  readonly p95Ms: number;
  /** Provider calls for one code, where it is certain. */
  readonly calls: number | undefined;
}

function expectedOf({ by, primary, secondary }: Lane, fault: FaultMode): Expected {
  if (fault === 'ok') return { copies: [1, 1], through: [primary], p95Ms: P95_MS, calls: 1 };
  if (fault === 'reject') {
    // A bad address is no fault of the provider's: nobody else is asked on this channel, and its circuit stays closed.
    return by === 'provider'
      ? { copies: [0, 0], through: [], p95Ms: 0, calls: 1 }
      : { copies: [1, 1], through: [secondary], p95Ms: P95_MS, calls: 2 };
  }
  // A copy more, or two, where a provider took it and nobody heard.
  const copies = [1, fault === 'lost_answer' ? 3 : 1] as const;
  return by === 'provider'
    ? { copies, through: [secondary], p95Ms: P95_MS, calls: undefined }
    : { copies, through: [primary, secondary], p95Ms: STEP_SECONDS * 1_000 + P95_MS, calls: undefined };
}

function expectOutcome({ copies, through, attempts, p95AfterMs }: Cell, lane: Lane, fault: FaultMode): void {
  const expected = expectedOf(lane, fault);
  expect(copies[0]).toBeGreaterThanOrEqual(expected.copies[0]);
  expect(copies[1]).toBeLessThanOrEqual(expected.copies[1]);
  expect(expected.through).toEqual(expect.arrayContaining([...through]));
  expect(attempts).toEqual(expected.calls === undefined ? attempts : [expected.calls, expected.calls]);
  expect(Number.isNaN(p95AfterMs) ? 0 : p95AfterMs).toBeLessThanOrEqual(expected.p95Ms);
}
