import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readStandaloneFile } from '@watchword/platform';
import { startPrivateRedis } from '@watchword/platform/redis-server';
import { eventually, isAlive, redisPidOf, startChild } from '@watchword/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'watchword-start-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const PORTS = { GATEWAY_PORT: '0', SANDBOX_PORT: '0' };
const start = (environment: Record<string, string>) =>
  startChild('services/standalone/src/main.ts', { ...PORTS, DATA_DIR: directory, ...environment });

/** What a start that must fail wrote to stderr, without its progress lines. */
async function refusalOf(environment: Record<string, string>): Promise<string> {
  const child = start(environment);
  await expect(child.ready).rejects.toThrow();
  expect((await child.ended).code).toBe(1);
  const lines = child.output().trim().split('\n');
  return lines.filter((line) => !line.endsWith(': starting')).join('\n');
}

test('every wrong variable of every service is named at once, before anything starts', async () => {
  const refusal = await refusalOf({ WORKER_CONCURRENCY: '0', CODE_LENGTH: '5', GATEWAY_PORT: 'x', SANDBOX_PORT: 'y' });
  for (const name of ['WORKER_CONCURRENCY', 'CODE_LENGTH', 'GATEWAY_PORT', 'SANDBOX_PORT'])
    expect(refusal).toContain(name);
  expect(refusal).not.toContain('\n');
});

test('a relay for notices without their sender is refused: the sandbox’s is no sender for it', async () => {
  expect(await refusalOf({ NOTICE_SMTP_URL: 'smtp://127.0.0.1:1' })).toContain(
    'NOTICE_SMTP_URL given without NOTICE_FROM.',
  );
});

test('a Redis that takes connections and says nothing is one line within seconds', async () => {
  const mute = createServer();
  await new Promise<void>((resolve) => {
    mute.listen(0, '127.0.0.1', resolve);
  });
  const { port } = mute.address() as AddressInfo;
  const refusal = await refusalOf({ REDIS_URL: `redis://127.0.0.1:${port}` });
  mute.close();
  expect(refusal).toBe(`Redis at 127.0.0.1:${port} does not answer: start it, or set REDIS_URL.`);
});

test('a wrong password and a database that is not there are told apart', async () => {
  const redis = await startPrivateRedis({ directory: join(directory, 'redis'), progress: () => undefined });
  const place = `127.0.0.1:${redis.port}`;
  expect(await refusalOf({ REDIS_URL: `redis://:wrong@${place}` })).toBe(
    `Redis at ${place} refuses the user or password in REDIS_URL.`,
  );
  expect(await refusalOf({ REDIS_URL: `${redis.url}/99` })).toBe(
    `Redis at ${place} does not have the database in REDIS_URL.`,
  );
  await redis.stop();
});

test('a forced end leaves no Redis behind', async () => {
  const child = start({});
  await child.ready;
  const redisPid = redisPidOf({ directory });
  expect(isAlive(redisPid)).toBe(true);
  const { gateway, sandbox, apiKey } = readStandaloneFile(directory) ?? {};
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${apiKey ?? ''}` };
  const send = (method: string, url: string, body: object) =>
    fetch(url, { method, headers, body: JSON.stringify(body) }).then(({ ok }) => ok);
  // A delivery that hangs keeps the first signal waiting.
  expect(await send('PUT', `${sandbox ?? ''}/api/faults/twilio`, { mode: 'hang' })).toBe(true);
  expect(await send('POST', `${gateway ?? ''}/v1/verifications`, { to: '+14155550123' })).toBe(true);
  let ended = false;
  void child.ended.then(() => {
    ended = true;
  });
  await eventually('an end by a second signal', 4_000, async () => {
    child.kill('SIGINT');
    return ended ? true : undefined;
  });
  expect(await child.ended).toEqual({ code: 130, signal: null });
  await eventually('the end of Redis', 5_000, async () => (isAlive(redisPid) ? undefined : true));
});
