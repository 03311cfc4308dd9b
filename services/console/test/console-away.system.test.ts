import { freePort } from '@watchword/platform/redis-server';
import { eventually, freshNumber, type Platform, startPlatform } from '@watchword/testkit';
import { afterEach, expect, it } from 'vitest';

let platform: Platform | undefined;
afterEach(async () => {
  await platform?.stop();
});

it('nobody who sends or checks needs the console; it starts and ends by itself', async () => {
  const port = String(await freePort());
  const env = { CONSOLE_PORT: port, CONSOLE_URL: `http://127.0.0.1:${port}` };
  platform = await startPlatform({ without: ['console'], env });
  const { call, open, check, waitForMessage, startService } = platform;

  const to = freshNumber();
  const { status, body } = await open(to);
  expect(status).toBe(202);
  const { code } = await waitForMessage(to);
  expect((await check(body.id, code ?? '')).body.valid).toBe(true);
  const away = await call('GET', '/v1/project');
  expect([away.status, away.body.code]).toEqual([503, 'unavailable']);

  const console = await startService('console');
  await eventually('the console answers', 5_000, async () =>
    (await call('GET', '/v1/project')).status === 200 ? true : undefined,
  );
  console.kill('SIGTERM');
  expect(await console.ended).toEqual({ code: 0, signal: null });
  expect((await open(freshNumber())).status).toBe(202);
});
