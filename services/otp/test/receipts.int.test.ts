import type { ReceiptCall } from '@watchword/contracts';
import { createCircuit } from '@watchword/delivery';
import {
  connectRedis,
  createLogger,
  createRedisClock,
  keyRingVariable,
  parseEnvironment,
  type RedisClock,
  type RedisConnection,
  type RunningService,
  Secret,
} from '@watchword/platform';
import { createDeliveries, type Deliveries } from '@watchword/verifications';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { composeOtp, otpVariables } from '../src/index.ts';
import { callHop, keyOf, sandboxTokenOf, testKeys } from './hop.fixture.ts';
import { RECEIPTS_URL, twilioReceipt, vonageReceipt } from './signed-receipts.fixture.ts';

const LIVE = 'live5ecret';
const SANDBOX = sandboxTokenOf('platform');

let otp: RunningService;
let redis: RedisConnection;
let clock: RedisClock;
let deliveries: Deliveries;
beforeAll(async () => {
  const [SEAL_KEY, ID_KEY] = ['SEAL_KEY', 'ID_KEY'].map(keyOf);
  const environment = {
    ...testKeys,
    REDIS_URL: inject('redisUrl'),
    OTP_PORT: '0',
    LOG_LEVEL: 'silent',
    RECEIPTS_URL,
    TWILIO_AUTH_TOKEN: LIVE,
    VONAGE_SIGNATURE_SECRET: LIVE,
  };
  otp = await composeOtp(parseEnvironment(otpVariables, environment));
  const logger = createLogger({ service: 'test', level: 'silent' });
  redis = await connectRedis({ url: new Secret(inject('redisUrl')), name: 'test', profile: 'request', logger });
  clock = await createRedisClock(redis);
  const idKey = new Secret(Buffer.from(ID_KEY ?? '', 'base64url'));
  deliveries = createDeliveries({ redis, clock, idKey, sealKeys: keyRingVariable().parse(SEAL_KEY) });
});
afterAll(async () => {
  await otp.close();
  clock[Symbol.dispose]();
  redis.disconnect();
});

async function hop(method: 'GET' | 'POST', path: string, mode: 'live' | 'test', payload?: object) {
  const body = payload === undefined ? '' : JSON.stringify(payload);
  const [answer] = await callHop(otp.url, [{ method, path, mode, body, project: 'p-receipts' }]);
  if (answer === undefined) throw new Error('otp did not answer');
  return { status: answer.status, body: answer.body };
}

let numbers = 1_000;

/** Opens a verification, and claims its delivery as a worker would; settled as accepted unless it is to stay in flight. */
async function attempted(mode: 'live' | 'test', settles = true) {
  numbers += 1;
  const opened = await hop('POST', '/v1/verifications', mode, { to: `+1415556${numbers}` });
  const id = String(opened.body.id);
  const claimed = await deliveries.claim(`del_${id.slice(4)}-1`, 7_000);
  if (claimed.result !== 'claimed') throw new Error(`not claimed: ${claimed.result}`);
  const next = { kind: 'end', status: 'accepted' } as const;
  const settlement = {
    provider: 'twilio',
    countsAsCall: true,
    outcome: 'accepted',
    expectsReceipt: true,
    next,
  } as const;
  const settle = () => deliveries.settle(claimed.attempt, settlement);
  if (settles) await settle();
  return { id, attemptId: claimed.attempt.id, settle };
}

const receive = (provider: string, attemptId: string, call: ReceiptCall) =>
  hop('POST', `/receipts/${provider}/${attemptId}`, 'test', call);
const statusOf = async (id: string, mode: 'live' | 'test') => {
  const { body } = await hop('GET', `/v1/verifications/${id}`, mode);
  return (body.deliveries as { status: string }[])[0]?.status;
};

/** Every key of the shard that this verification is in, with its whole value. */
async function wholeShard(id: string) {
  const nodes = 'nodes' in redis ? redis.nodes('master') : [redis];
  const keys = (await Promise.all(nodes.map((node) => node.keys(`*:v:${id.slice(4)}`)))).flat();
  const key = keys[0] ?? '';
  const tag = key.slice(0, key.indexOf(':v:'));
  return {
    hash: await redis.hgetallBuffer(key),
    events: await redis.xrange(`${tag}:events`, '-', '+'),
    due: await redis.zrangebyscore(`${tag}:due`, '-inf', '+inf', 'WITHSCORES'),
  };
}

const providers = [
  ['twilio', twilioReceipt],
  ['vonage', vonageReceipt],
] as const;

test.each(providers)('a receipt of %s that its account signed moves the delivery', async (provider, write) => {
  for (const [mode, secret] of [
    ['live', LIVE],
    ['test', SANDBOX],
  ] as const) {
    const { id, attemptId } = await attempted(mode);
    const call = write(attemptId, secret);
    expect(await receive(provider, attemptId, call)).toEqual({ status: 200, body: { results: ['applied'] } });
    expect(await statusOf(id, mode)).toBe('delivered');
    expect(await receive(provider, attemptId, call)).toEqual({ status: 200, body: { results: ['duplicate'] } });
  }
});

test.each(providers)('a wrong signature of %s is 403 and changes nothing', async (provider, write) => {
  const { id, attemptId } = await attempted('live');
  const other = attemptId.replace(/-1-1$/, '-1-2');
  const before = await wholeShard(id);
  expect(Object.keys(before.hash).length).toBeGreaterThan(10);
  const right = write(attemptId, LIVE);
  for (const forged of [
    write(attemptId, 'another'),
    write(attemptId, 'sandbox'),
    write(other, LIVE),
    { ...right, headers: {}, body: '' },
    { ...right, body: Buffer.concat([Buffer.from(right.body, 'base64'), Buffer.of(0xff)]).toString('base64') },
  ]) {
    expect(await receive(provider, attemptId, forged)).toMatchObject({
      status: 403,
      body: { code: 'invalid_signature' },
    });
  }
  expect(await wholeShard(id)).toEqual(before);
});

test.each(providers)(
  "%s: the sandbox's token moves no live verification, nor a live one a test one",
  async (provider, write) => {
    for (const [mode, secret] of [
      ['live', SANDBOX],
      ['test', LIVE],
    ] as const) {
      const { id, attemptId } = await attempted(mode);
      const before = await wholeShard(id);
      expect(await receive(provider, attemptId, write(attemptId, secret))).toMatchObject({ status: 403 });
      expect(await wholeShard(id)).toEqual(before);
    }
  },
);

test('a made-up attempt and an unknown provider are not found', async () => {
  const { attemptId } = await attempted('test');
  const madeUp = `att_${'7'.repeat(26)}-1-1`;
  const call = twilioReceipt(madeUp, SANDBOX);
  expect(await receive('twilio', madeUp, call)).toMatchObject({ status: 404, body: { code: 'not_found' } });
  expect(await receive('nobody', attemptId, call)).toMatchObject({ status: 404, body: { code: 'not_found' } });
});

test('an early receipt is parked, and joined when its attempt is settled', async () => {
  const { id, attemptId, settle } = await attempted('test', false);
  const call = twilioReceipt(attemptId, SANDBOX);
  expect(await receive('twilio', attemptId, call)).toEqual({ status: 200, body: { results: ['parked'] } });
  expect(await statusOf(id, 'test')).toBe('sending');
  await settle();
  expect(await statusOf(id, 'test')).toBe('delivered');
});

test('a receipt that nobody waits for any more is taken', async () => {
  const { attemptId } = await attempted('test');
  const never = attemptId.replace(/-1-1$/, '-1-9');
  const call = twilioReceipt(never, SANDBOX);
  expect(await receive('twilio', never, call)).toEqual({ status: 200, body: { results: ['unmatched'] } });
});

test('receipts feed the health of the account that signed them, once each, and only for its own faults', async () => {
  const circuit = createCircuit({ redis, clock, probeLeaseMs: 0 });
  // What other tests counted would leave the window meanwhile.
  for (const account of ['twilio', 'twilio~test']) await redis.del(`ww:{h:${account}}`);
  const figures = async () => {
    const [live, sandbox] = await Promise.all([circuit.read('twilio'), circuit.read('twilio~test')]);
    return [live.calls, live.failures, sandbox.calls, sandbox.failures];
  };
  const mine = await attempted('live');
  const theirs = await attempted('live');
  const filtered = twilioReceipt(mine.attemptId, LIVE, 'undelivered', { ErrorCode: '30007' });
  const unreachable = twilioReceipt(theirs.attemptId, LIVE, 'undelivered', { ErrorCode: '30003' });
  for (let count = 0; count < 3; count += 1) await receive('twilio', mine.attemptId, filtered);
  await receive('twilio', theirs.attemptId, unreachable);
  await receive('twilio', theirs.attemptId, twilioReceipt(theirs.attemptId, LIVE, 'sent'));
  expect(await figures()).toEqual([1, 1, 0, 0]);
});

test('each receipt is counted by provider, status and result', async () => {
  const metrics = await (await fetch(`${otp.adminUrl}/metrics`)).text();
  for (const [provider, status, result] of [
    ['twilio', 'delivered', 'applied'],
    ['twilio', 'delivered', 'parked'],
    ['twilio', 'delivered', 'unmatched'],
    ['vonage', 'delivered', 'duplicate'],
    ['vonage', 'none', 'forged'],
    ['vonage', 'delivered', 'forged'],
    ['twilio', 'sent', 'late'],
  ]) {
    const labels = `provider="${provider}",status="${status}",result="${result}"`;
    expect(metrics).toMatch(new RegExp(`watchword_receipts_total\\{${labels},service="otp"\\} [1-9]`));
  }
});
