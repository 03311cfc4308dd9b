import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { connectRedis, createLogger, type RedisConnection, Secret } from '@watchword/platform';
import { openRecords } from '@watchword/records';
import { eventually, freshNumber, type Platform, startPlatform } from '@watchword/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';

let platform: Platform;
beforeEach(async () => {
  platform = await startPlatform({ env: { ENDED_RETENTION_SECONDS: '3', PACING_SECONDS: '0' } });
});
afterEach(() => platform.stop());

const get = (path: string) => platform.call('GET', `/v1/verifications/${path}`);

async function withRedis<T>(work: (redis: RedisConnection) => Promise<T>): Promise<T> {
  const logger = createLogger({ service: 'test', level: 'silent' });
  const url = new Secret(platform.file.redis);
  const redis = await connectRedis({ url, name: 'test', profile: 'worker', logger });
  try {
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}

/** Until everything that happened is recorded, and its stream trimmed. */
const untilTrimmed = () =>
  withRedis((redis) =>
    eventually('empty streams', 10_000, async () => {
      const streams = await redis.keys('ww:{*}:events');
      const lengths = await Promise.all(streams.map((stream) => redis.xlen(stream)));
      return lengths.every((length) => length === 0) ? true : undefined;
    }),
  );

const untilForgotten = (id: string) =>
  withRedis((redis) =>
    eventually('Redis to forget it', 10_000, async () =>
      (await redis.keys(`ww:{*}:v:${id.slice('ver_'.length)}`)).length === 0 ? true : undefined,
    ),
  );

async function approve(): Promise<{ id: string; code: string }> {
  const to = freshNumber();
  const { id } = (await platform.open(to, { metadata: { order: '7' }, locale: 'en' })).body;
  const code = (await platform.waitForMessage(to)).code ?? '';
  // From the approval on Redis keeps it for seconds only: what is to come must have come by then.
  await eventually('its last receipt', 10_000, async () =>
    (await get(id)).body.deliveries[0]?.status === 'delivered' ? true : undefined,
  );
  expect((await platform.check(id, 'WRONGWRONG')).body.result).toBe('incorrect');
  expect((await platform.check(id, code)).body).toMatchObject({ valid: true });
  return { id, code };
}

test('a verification and its timeline read the same at once, after the stream was trimmed, and after Redis forgot it', async () => {
  const { id, code } = await approve();
  const [state, timeline] = [await get(id), await get(`${id}/timeline`)];
  expect(state.body).toMatchObject({ status: 'approved', checks_remaining: 1, metadata: { order: '7' } });
  expect(timeline.body.events.map(({ seq }) => seq)).toEqual(timeline.body.events.map((_, index) => index + 1));
  await untilTrimmed();
  expect((await get(`${id}/timeline`)).body).toEqual(timeline.body);
  await untilForgotten(id);
  expect((await get(id)).body).toEqual(state.body);
  expect((await get(`${id}/timeline`)).body).toEqual(timeline.body);
  expect((await platform.check(id, code)).body).toMatchObject({
    valid: false,
    result: 'already_approved',
    status: 'approved',
    checks_remaining: 1,
  });

  const records = await openRecords({ file: join(platform.directory, 'records.db') });
  expect((await records.readVerification('default', id.slice('ver_'.length)))?.verification.status).toBe('approved');
  await records.close();
});

test('while the records are away, sends and checks go on, and only what needs the records says so', async () => {
  const { id: old } = await approve();
  await untilTrimmed();
  await untilForgotten(old);
  const database = new DatabaseSync(join(platform.directory, 'records.db'));
  // The database of every process' connections is dropped from under them: what is left is no schema of ours.
  database.exec('BEGIN EXCLUSIVE');
  database.exec('ALTER TABLE verifications RENAME TO away');
  database.exec('COMMIT');
  const { id } = await approve();
  expect((await get(id)).status).toBe(200);
  expect((await get(`${id}/timeline`)).status).toBe(200);
  expect(await get(old)).toMatchObject({ status: 503, body: { code: 'unavailable' } });
  expect((await platform.check(old, 'ANYTHING22')).body).toMatchObject({ result: 'expired', status: 'expired' });
  database.exec('ALTER TABLE away RENAME TO verifications');
  database.close();
  await untilTrimmed();
  await untilForgotten(id);
  expect((await get(id)).body).toMatchObject({ status: 'approved' });
});
