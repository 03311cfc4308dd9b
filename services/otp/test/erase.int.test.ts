import { erasureSchema, MODES, type Mode } from '@watchword/contracts';
import { SHARDS, shardKeys } from '@watchword/verifications';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { newNumber, type StartedOtp, startOtp } from './started-otp.fixture.ts';

let otp: StartedOtp;
beforeAll(async () => {
  otp = await startOtp();
});
afterAll(() => otp.close());
beforeEach(() => otp.newProject());

const erase = (to: string, operation = '', mode: Mode = 'test') =>
  otp.hop({ path: '/v1/destinations/erase', operation, mode, body: { to } });
const read = (id: unknown, mode: Mode = 'test') =>
  otp.hop({ method: 'GET', mode, path: `/v1/verifications/${String(id)}` });

test('erasing ends what is open under every purpose that the project is known to have, and its state stays readable', async () => {
  await otp.publish({ policies: { payout: { code_length: 8 } } });
  const to = newNumber();
  const opened = [];
  for (const purpose of ['login', 'verification', 'password_reset', 'transaction', 'payout']) {
    opened.push((await otp.open(to, { purpose })).body);
  }
  const { code } = await otp.claim(opened[0] ?? {});
  const { status, body } = await erase(to);
  expect(status).toBe(202);
  expect(erasureSchema.strict().parse(body)).toEqual(body);
  for (const { id } of opened) {
    expect(await read(id)).toMatchObject({
      status: 200,
      body: { status: 'canceled', deliveries: [{ to_masked: '+***' }] },
    });
  }
  expect((await otp.check(opened[0]?.id, code)).body).toMatchObject({ result: 'canceled' });
  expect(await otp.resend(opened[1]?.id)).toMatchObject({ status: 409, body: { code: 'not_pending' } });
  expect(await otp.deliveries.claim(`del_${String(opened[1]?.id).slice(4)}-1`, 7_000)).toEqual({ result: 'ended' });
});

test('a repeat of the call gets the same erasure, and no number but E.164 is taken', async () => {
  const to = newNumber();
  const operation = `erase-${otp.project()}`;
  const [first, again] = [await erase(to, operation), await erase(to, operation)];
  expect(again.body).toEqual(first.body);
  expect((await erase(to)).body.id).not.toBe(first.body.id);
  expect(await erase('0151')).toMatchObject({ status: 422, body: { code: 'invalid_destination' } });
});

test('neither a pause nor a list keeps anybody from erasing', async () => {
  const to = newNumber();
  const lists = [otp.list('block', [to])];
  await otp.publish({ pause: { all: true, countries: [] }, lists });
  expect((await erase(to)).status).toBe(202);
});

test('with the key of either mode what is open in both ends', async () => {
  await otp.publish({ smsCountries: ['US'] });
  for (const mode of MODES) {
    const to = newNumber();
    const opened = [];
    for (const of of MODES) opened.push({ of, id: (await otp.open(to, {}, { mode: of })).body.id });
    expect((await erase(to, '', mode)).status).toBe(202);
    for (const { of, id } of opened) expect((await read(id, of)).body).toMatchObject({ status: 'canceled' });
  }
});

test('its entry for the records says which key asked, and in which request', async () => {
  const asked = { key: 'key_asking', requestId: 'request-asking' };
  const { body } = await otp.hop({ ...asked, path: '/v1/destinations/erase', body: { to: newNumber() } });
  const streams = await Promise.all(
    Array.from({ length: SHARDS }, (_, shard) => otp.redis.xrevrange(shardKeys(shard).events, '+', '-')),
  );
  const entry = streams.flat().find(([, values]) => values[1] === body.id)?.[1] ?? [];
  const data = JSON.parse(entry[entry.indexOf('d') + 1] ?? '');
  expect(data).toEqual({ project: otp.project(), actor: asked.key, request_id: asked.requestId });
});
