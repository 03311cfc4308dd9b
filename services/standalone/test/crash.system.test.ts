import { freePort } from '@watchword/platform/redis-server';
import {
  eventually,
  freshNumber,
  killWorkerInFlight,
  type Platform,
  redisPidOf,
  startPlatform,
} from '@watchword/testkit';
import { afterEach, expect, test } from 'vitest';

const ROUNDS = 3;

let platform: Platform;
afterEach(() => platform.stop());

test(`kill -9 of a worker with 50 sends in flight, ${ROUNDS} rounds: each message arrives within 15 s, at most twice`, async () => {
  platform = await startPlatform({ without: ['worker'] });
  for (let round = 1; round <= ROUNDS; round += 1) {
    const fate = round % 2 === 0 ? 'taken' : 'lost';
    const report = await killWorkerInFlight(platform, fate);
    process.stdout.write(`worker killed, round ${round}, messages ${fate}: ${JSON.stringify(report)}\n`);
    expect(report.messages).toBe(50);
    expect(report.copiesMax).toBeLessThanOrEqual(2);
    expect(report.lastArrivalMs).toBeLessThan(15_000);
  }
}, 120_000);

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
