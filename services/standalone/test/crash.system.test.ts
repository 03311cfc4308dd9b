import { freePort } from '@watchword/platform/redis-server';
import {
  CRASH_MOMENTS,
  eventually,
  freshNumber,
  killWorkerInFlight,
  type Platform,
  redisPidOf,
  startPlatform,
} from '@watchword/testkit';
import { afterEach, expect, test } from 'vitest';

/** While the call is under way one round tells enough: whether it was taken is the provider's doing. */
const ROUNDS = { before_call: 3, call_lost: 1, call_taken: 1, accepted: 3, settled: 3 } as const;

let platform: Platform;
afterEach(() => platform.stop());

test.each(CRASH_MOMENTS)(
  'kill -9 of a worker with 50 sends in flight, %s: each message arrives within 15 s, at most twice',
  async (moment) => {
    platform = await startPlatform({ without: ['worker'] });
    for (let round = 1; round <= ROUNDS[moment]; round += 1) {
      const report = await killWorkerInFlight(platform, moment);
      process.stdout.write(`worker killed, ${moment}, round ${round}: ${JSON.stringify(report)}\n`);
      expect(report.messages).toBe(50);
      expect(report.copiesMax).toBeLessThanOrEqual(2);
      expect(report.lastArrivalMs).toBeLessThan(15_000);
    }
  },
  150_000,
);

test.each(['before_call', 'accepted'] as const)(
  'kill -9 of two workers in turn with the same 50 sends, %s: nothing is lost, at most three copies',
  async (moment) => {
    platform = await startPlatform({ without: ['worker'] });
    const report = await killWorkerInFlight(platform, moment, { kills: 2 });
    process.stdout.write(`two workers killed, ${moment}: ${JSON.stringify(report)}\n`);
    expect(report.messages).toBe(50);
    expect(report.copiesMax).toBeLessThanOrEqual(3);
    expect(report.lastArrivalMs).toBeLessThan(15_000);
  },
  100_000,
);

test('kill -9 of otp between open and queue.add: another otp process sends within 5 s', async () => {
  const port = String(await freePort());
  platform = await startPlatform({ without: ['otp'], env: { OTP_URL: `http://127.0.0.1:${port}` } });
  const held = await platform.startService('services/otp/test/held-otp.fixture.ts', { OTP_PORT: port });
  const to = freshNumber();
  const answer = platform.open(to).catch((error: unknown) => error);
  await eventually('open committed and the queue held', 5_000, async () =>
    held.output().includes('held') ? true : undefined,
  );
  held.kill('SIGKILL');
  await Promise.all([held.ended, answer]);
  expect(await platform.inbox(to)).toEqual([]);

  await platform.startService('otp', { OTP_PORT: port });
  const readyAt = Date.now();
  const message = await platform.waitForMessage(to, 5_000);
  process.stdout.write(
    `otp killed before queue.add: sent ${Date.parse(message.at) - readyAt} ms after the next was ready\n`,
  );
  const checked = await platform.call('POST', '/v1/verifications/check', { to, code: message.code });
  expect(checked.body).toMatchObject({ valid: true });
});

test('SIGTERM ends a worker in order, also while Redis does not answer', async () => {
  platform = await startPlatform({ without: ['worker'] });
  const [idle, stranded] = [await platform.startService('worker'), await platform.startService('worker')];
  idle.kill('SIGTERM');
  expect(await idle.ended).toEqual({ code: 0, signal: null });
  const redisPid = redisPidOf(platform);
  process.kill(redisPid, 'SIGSTOP');
  try {
    const askedAt = Date.now();
    stranded.kill('SIGTERM');
    expect(await stranded.ended).toEqual({ code: 0, signal: null });
    expect(Date.now() - askedAt).toBeLessThan(10_000);
  } finally {
    process.kill(redisPid, 'SIGCONT');
  }
});
