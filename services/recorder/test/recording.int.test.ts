import { DatabaseSync } from 'node:sqlite';
import { Secret, singleKeyRing } from '@watchword/platform';
import { createBlindIndex } from '@watchword/records';
import { eventually, startChild } from '@watchword/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { replay } from '../src/index.ts';
import { LIFE, type Scene, startScene } from './scene.ts';

let scene: Scene;
beforeEach(async () => {
  scene = await startScene();
});
afterEach(() => scene.close());

/** Until the streams are empty: everything is recorded, and trimmed. */
const untilRecorded = (timeoutMs = 12_000) =>
  eventually('empty streams', timeoutMs, async () => ((await scene.waiting()) === 0 ? true : undefined));

/** Each life once, whole and in order, and its state as its events say. */
async function expectWhole(ids: readonly string[]): Promise<void> {
  const states = await scene.records.readStates(ids);
  for (const id of ids) {
    const events = await scene.records.readEvents(id);
    expect(events.map(({ type }) => type)).toEqual(LIFE);
    const state = states.get(id);
    expect(state?.verification).toMatchObject({ status: 'approved', checks_remaining: 2, applied_seq: LIFE.length });
    expect(state && replay(events, state.verification)).toEqual(state);
  }
}

async function liveInShards(count: number, shards = 64): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => scene.live(index % shards)));
}

test('several recorders share the shards; every event is recorded once, its stream trimmed', async () => {
  const recorders = [await scene.start(), await scene.start(), await scene.start()];
  const ids = await liveInShards(100);
  await eventually('fair shares', 8_000, async () => {
    const shares = await Promise.all(recorders.map((recorder) => scene.metric(recorder, 'watchword_recording_shards')));
    return shares.every((share) => share === 21 || share === 22) ? true : undefined;
  });
  await untilRecorded();
  await expectWhole(ids);
  const recorded = await Promise.all(
    recorders.map((recorder) => scene.metric(recorder, 'watchword_recorded_events_total', 'result="recorded"')),
  );
  expect(recorded.reduce((sum, count) => sum + count, 0)).toBe(700);

  const [first, ...others] = recorders;
  if (first) await scene.stop(first);
  const later = await liveInShards(64);
  await untilRecorded();
  await expectWhole(later);
  for (const other of others) expect(await scene.metric(other, 'watchword_recording_lag_seconds')).toBe(0);
});

test('a destination is found by its blind index, and stays sealed', async () => {
  await scene.start();
  const id = await scene.live(3, Date.now(), '+14155550177');
  await untilRecorded();
  const verification = (await scene.records.readVerification('p', id))?.verification;
  const key = Buffer.from(scene.environment.INDEX_KEY, 'base64url');
  const { digest } = createBlindIndex(singleKeyRing(new Secret(key))).of('+14155550177');
  expect(verification).toMatchObject({ destination_index: digest, destination_index_key: 1 });
  expect(verification?.destination[0]).toBe(1);
  expect(verification?.destination.includes('14155550177')).toBe(false);
});

test('a token that was consumed stands among the tokens, and goes with its verification', async () => {
  await scene.start();
  const id = await scene.live(3);
  await scene.add(3, { v: id, q: 8, t: 'token.consumed', a: 17, d: '{}' });
  await untilRecorded();
  expect(await scene.records.readToken(`ver_${id}`)).toEqual({
    id: `ver_${id}`,
    project: 'p',
    verification: id,
    purpose: 'login',
    consumed_at: 17,
  });
  await scene.records.deleteVerifications({ project: null, before: Date.now() + 1_000 });
  expect(await scene.records.readToken(`ver_${id}`)).toBeNull();
});

test.each(['read', 'trim'])('killed at %s, nothing is lost and nothing doubled', async (at) => {
  const ids = await liveInShards(20, 8);
  const child = startChild('services/recorder/test/held-recorder.fixture.ts', { ...scene.environment, HOLD_AT: at });
  await child.ready;
  await eventually('the held step', 10_000, async () => (child.output().includes(`held at ${at}`) ? true : undefined));
  child.kill('SIGKILL');
  await child.ended;
  expect(await scene.waiting()).toBe(140);
  await scene.start();
  await untilRecorded();
  await expectWhole(ids);
});

test('what cannot be understood is set aside with its reason, and the shard goes on', async () => {
  const recorder = await scene.start();
  const before = await scene.live(5);
  await scene.add(5, { v: before, q: 8, t: 'verification.vanished', a: 1, d: '{}' });
  await scene.add(5, { garbage: Buffer.from([0xff, 0xfe]) });
  await scene.add(5, { v: Array.from(before).toReversed().join(''), q: 4, t: 'token.consumed', a: 1, d: '{}' });
  const after = await scene.live(5);
  await untilRecorded();
  await expectWhole([before, after]);
  const poison = await scene.records.listPoison(9);
  expect(poison.map(({ shard, reason }) => `${shard} ${reason}`).toSorted()).toEqual([
    '05 field t',
    '05 field v, q, t, a, d',
    '05 nothing is recorded before it',
  ]);
  expect(poison.map(({ fields }) => fields.garbage)).toContain('base64://4=');
  expect(await scene.metric(recorder, 'watchword_recorded_events_total', 'result="poison"')).toBe(3);
});

test('another event of a recorded number is set aside; the same one again changes nothing', async () => {
  await scene.start();
  const at = Date.now();
  const id = await scene.live(7, at);
  await untilRecorded();
  const judged = { v: id, q: 6, t: 'check.judged', a: at + 5 };
  await scene.add(7, { ...judged, d: '{"result":"approved","checks_remaining":2}' });
  await scene.add(7, { ...judged, d: '{"result":"incorrect","checks_remaining":1}' });
  // Both of one number within one page.
  await scene.add(7, { v: id, q: 8, t: 'token.consumed', a: at + 8, d: '{}' });
  await scene.add(7, { v: id, q: 8, t: 'token.consumed', a: at + 9, d: '{}' });
  await untilRecorded();
  const poison = await scene.records.listPoison(9);
  expect(poison.map(({ reason, fields }) => [reason, fields.q, fields.a])).toEqual(
    expect.arrayContaining([
      ['another event of this number is recorded', '6', String(at + 5)],
      ['another event of this number is recorded', '8', String(at + 9)],
    ]),
  );
  expect(poison).toHaveLength(2);
  const state = (await scene.records.readStates([id])).get(id);
  expect(state?.verification).toMatchObject({ status: 'approved', checks_remaining: 2, token_consumed_at: at + 8 });
});

test('a document that the database refuses is set aside alone', async () => {
  const [culprit, other] = [await scene.live(9), await scene.live(9)];
  const database = new DatabaseSync(scene.environment.RECORDS_FILE);
  database.exec(
    `CREATE TRIGGER refuse BEFORE INSERT ON events WHEN new.id = '${culprit}-3'
     BEGIN SELECT RAISE(ABORT, 'refused by the test'); END`,
  );
  database.close();
  await scene.start();
  await untilRecorded();
  await expectWhole([other]);
  expect((await scene.records.readEvents(culprit)).map(({ type }) => type)).toEqual(
    LIFE.filter((type) => type !== 'attempt.started'),
  );
  expect(await scene.records.readVerification('p', culprit)).toMatchObject({ verification: { status: 'approved' } });
  expect(await scene.records.listPoison(9)).toMatchObject([{ shard: '09', reason: 'refused: refused by the test' }]);
});

test('a locked database makes no poison: recording waits, says how far it is behind, and goes on', async () => {
  const recorder = await scene.start();
  await scene.live(1);
  await untilRecorded();
  const database = new DatabaseSync(scene.environment.RECORDS_FILE, { timeout: 1_000 });
  database.exec('BEGIN IMMEDIATE');
  const ids = await liveInShards(70);
  await eventually('a lag', 5_000, async () =>
    (await scene.metric(recorder, 'watchword_recording_lag_seconds')) > 1 ? true : undefined,
  );
  expect((await fetch(`${recorder.adminUrl}/livez`)).status).toBe(200);
  await eventually('a batch that was not taken', 10_000, async () =>
    (await scene.metric(recorder, 'watchword_recording_batches_total', 'unavailable')) > 0 ? true : undefined,
  );
  database.exec('ROLLBACK');
  database.close();
  await untilRecorded();
  await expectWhole(ids);
  expect(await scene.records.listPoison(9)).toEqual([]);
  expect(await scene.metric(recorder, 'watchword_recording_lag_seconds')).toBe(0);
});
