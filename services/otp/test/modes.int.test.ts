import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Mode, VerificationEvent } from '@watchword/contracts';
import { openRecords, type VerificationDocument } from '@watchword/records';
import { SHARDS, shardKeys } from '@watchword/verifications';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { newNumber, type StartedOtp, startOtp } from './started-otp.fixture.ts';

const directory = mkdtempSync(join(tmpdir(), 'watchword-otp-'));
const file = join(directory, 'records.db');
let otp: StartedOtp;
beforeAll(async () => {
  otp = await startOtp({ RECORDS_FILE: file });
});
afterAll(async () => {
  await otp.close();
  rmSync(directory, { recursive: true });
});
beforeEach(() => otp.newProject());

const BOTH_WAYS: readonly (readonly [Mode, Mode])[] = [
  ['live', 'test'],
  ['test', 'live'],
];
const pathOf = (id: unknown, verb = '') => `/v1/verifications/${String(id)}${verb}`;
const read = (id: unknown, mode: Mode, verb = '') => otp.hop({ method: 'GET', mode, path: pathOf(id, verb) });
const check = (id: unknown, code: string, mode: Mode) => otp.hop({ mode, path: pathOf(id, '/check'), body: { code } });

test('a test key cannot have a code sent to a number whose live verification is open, and neither sees its code', async () => {
  await otp.publish({ smsCountries: ['US'] });
  const to = newNumber();
  const live = (await otp.open(to, {}, { mode: 'live' })).body;
  const sandboxed = (await otp.open(to, {}, { mode: 'test' })).body;
  expect(sandboxed.id).not.toBe(live.id);
  expect((await read(live.id, 'live')).body.deliveries).toHaveLength(1);
  const [sent, seen] = [await otp.claim(live), await otp.claim(sandboxed)];
  expect([sent.mode, seen.mode]).toEqual(['live', 'test']);
  const again = (await otp.open(to, {}, { mode: 'live' })).body;
  expect(again.id).toBe(live.id);
  expect((await read(sandboxed.id, 'test')).body.deliveries).toHaveLength(1);
});

test.each(BOTH_WAYS)('all calls about a verification in %s mode answer a key in %s mode 404', async (mode, other) => {
  const to = newNumber();
  await otp.publish({ smsCountries: ['US'] });
  const { body } = await otp.open(to, {}, { mode });
  const { code } = await otp.claim(body);
  const refused = await Promise.all([
    read(body.id, other),
    read(body.id, other, '/timeline'),
    check(body.id, code, other),
    otp.hop({ mode: other, path: '/v1/verifications/check', body: { to, code } }),
    otp.resend(body.id, { mode: other }),
    otp.hop({ mode: other, path: pathOf(body.id, '/cancel'), body: {} }),
  ]);
  for (const answer of refused) expect(answer).toMatchObject({ status: 404, body: { code: 'not_found' } });
  const judged = await otp.hop({ mode, path: '/v1/verifications/check', body: { to, code } });
  expect(judged.body).toMatchObject({ result: 'approved', checks_remaining: 2 });

  const consume = (by: Mode) => otp.hop({ mode: by, path: '/v1/tokens/consume', body: { token: judged.body.token } });
  expect(await consume(other)).toMatchObject({ status: 422, body: { code: 'token_invalid' } });
  expect(await consume(mode)).toMatchObject({ status: 200 });
});

test.each(BOTH_WAYS)('nor do the records tell of one in %s mode to a key in %s mode', async (mode, other) => {
  await otp.publish({ smsCountries: ['US'] });
  const { body } = await otp.open(newNumber(), {}, { mode });
  const { code } = await otp.claim(body);
  expect((await check(body.id, code, mode)).body).toMatchObject({ valid: true });
  const state = await read(body.id, mode);
  const timeline = await read(body.id, mode, '/timeline');
  const id = String(body.id).slice('ver_'.length);
  await record(id, mode, timeline.body.events as VerificationEvent[]);
  await forget(id);

  expect(await read(body.id, mode)).toMatchObject({ status: 200, body: { status: state.body.status } });
  expect((await read(body.id, mode, '/timeline')).body).toEqual(timeline.body);
  expect((await check(body.id, code, mode)).body).toMatchObject({ result: 'already_approved' });
  expect((await read(body.id, other)).status).toBe(404);
  expect((await read(body.id, other, '/timeline')).status).toBe(404);
  expect((await check(body.id, code, other)).body).toMatchObject({ result: 'expired', status: 'expired' });
});

/** Writes what a recorder would of a verification that was approved. */
async function record(id: string, mode: Mode, events: readonly VerificationEvent[]): Promise<void> {
  const at = Date.now();
  const verification: VerificationDocument = {
    id,
    project: otp.project(),
    mode,
    purpose: 'verification',
    country: 'US',
    status: 'approved',
    undeliverable: false,
    destination: Buffer.alloc(0),
    seal_key: null,
    destination_index: null,
    second_index: null,
    third_index: null,
    destination_index_key: null,
    context: null,
    user_index: null,
    user_index_key: null,
    channel: 'sms',
    channels: ['sms'],
    provider: null,
    providers: [],
    erased_at: null,
    code_ttl_ms: 300_000,
    checks_remaining: 2,
    last_delivery: 1,
    last_send: 1,
    opened_at: at,
    expires_at: at + 300_000,
    ended_at: at,
    token_consumed_at: null,
    applied_seq: events.length,
  };
  const none = { deliveries: [], attempts: [], receipts: [], tokens: [], tallies: [], poison: [] };
  const stored = events.map((event) => ({
    ...event,
    id: `${id}-${event.seq}`,
    verification: id,
    at: Date.parse(event.at),
  }));
  const records = await openRecords({ file });
  try {
    const until = Date.now() + 60_000;
    const { cursors } = await records.renewLeases('test', until, ['00']);
    const cursor = cursors.find((one) => one.id === '00');
    const lease = cursor && (await records.takeShard(cursor, 'test', until));
    if (!lease) throw new Error('Another recorder writes to the file');
    const position = `${Number(lease.position.split('-')[0]) + 1}-0`;
    await records.writeBatch(lease, { ...none, position, verifications: [verification], events: stored });
  } finally {
    await records.close();
  }
}

/** Takes a verification and its events out of Redis, as its retention and the recorder do. */
async function forget(id: string): Promise<void> {
  for (let shard = 0; shard < SHARDS; shard += 1) {
    const { verification, events } = shardKeys(shard);
    if ((await otp.redis.del(verification(id))) === 0) continue;
    const entries = await otp.redis.xrange(events, '-', '+');
    const gone = entries.flatMap(([position, values]) => (values.includes(id) ? [position] : []));
    await otp.redis.xdel(events, ...gone);
  }
}
