import type { DeliveryConfig, Mode, ReceiptCall } from '@watchword/contracts';
import { createCircuit } from '@watchword/delivery';
import {
  connectRedis,
  createConfigCopies,
  createLogger,
  createRedisClock,
  keyRingVariable,
  parseEnvironment,
  type RedisClock,
  type RedisConnection,
  type RunningService,
  Secret,
} from '@watchword/platform';
import { createDeliveries, createSealer, type Deliveries, type Sealer } from '@watchword/verifications';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { composeOtp, otpVariables } from '../src/index.ts';
import { callHop, keyOf, sandboxTokenOf, testKeys } from './hop.fixture.ts';
import { RECEIPTS_URL, twilioReceipt, vonageReceipt } from './signed-receipts.fixture.ts';

const SID = `AC${'3'.repeat(32)}`;
type Provider = DeliveryConfig['providers'][number];

let otp: RunningService;
let redis: RedisConnection;
let clock: RedisClock;
let deliveries: Deliveries;
let sealer: Sealer;
let epoch = Date.now();
beforeAll(async () => {
  const environment = {
    ...testKeys,
    REDIS_URL: inject('redisUrl'),
    OTP_PORT: '0',
    LOG_LEVEL: 'silent',
    RECEIPTS_URL,
    TWILIO_AUTH_TOKEN: 'of-the-platform',
  };
  const logger = createLogger({ service: 'test', level: 'silent' });
  redis = await connectRedis({ url: new Secret(inject('redisUrl')), name: 'test', profile: 'request', logger });
  otp = await composeOtp(parseEnvironment(otpVariables, environment));
  clock = await createRedisClock(redis);
  const sealKeys = keyRingVariable().parse(keyOf('SEAL_KEY'));
  sealer = createSealer(sealKeys);
  const idKey = new Secret(Buffer.from(keyOf('ID_KEY'), 'base64url'));
  deliveries = createDeliveries({ redis, clock, idKey, sealKeys });
});
afterAll(async () => {
  await otp.close();
  clock[Symbol.dispose]();
  redis.disconnect();
});
beforeEach(async () => {
  await publish('prj_a', [twilio('prv_a'), vonage('prv_av')]);
  await publish('prj_b', [twilio('prv_b'), vonage('prv_bv')]);
});

const sealed = (id: string, credentials: object) =>
  sealer.seal(JSON.stringify(credentials), id, 'credentials').toString('base64');
const common = { mode: 'live', isDraining: false, costMicros: {}, sendsPerSecond: null } as const;
const twilio = (id: string, over: Partial<Provider> = {}): Provider => ({
  ...common,
  id,
  name: id,
  kind: 'twilio',
  settings: { account_sid: SID, from: '+15005550006' },
  credentials: sealed(id, { auth_token: `of-${id}` }),
  ...over,
});
const vonage = (id: string): Provider => ({
  ...common,
  id,
  name: id,
  kind: 'vonage',
  settings: { api_key: 'abcd1234', from: 'Acme' },
  credentials: sealed(id, { api_secret: 'x', signature_secret: `of-${id}` }),
});

async function publish(project: string, providers: Provider[]): Promise<void> {
  epoch += 1;
  const limits = { project_sends_per_hour: null, user_sends_per_minute: null, ip_sends_per_hour: null };
  await createConfigCopies(redis).publish(project, epoch, {
    access: { isSuspended: false, keys: [], limits, monthlySends: null },
    sending: { policies: {}, pause: { all: false, countries: [] }, smsCountries: null, lists: [] },
    delivery: { providers, routes: [], templates: [] },
  });
}

let numbers = 7_000;
async function attempted(project: string, mode: Mode = 'live') {
  numbers += 1;
  const body = JSON.stringify({ to: `+1415557${numbers}` });
  const [answer] = await callHop(otp.url, [{ method: 'POST', path: '/v1/verifications', mode, body, project }]);
  const id = String(answer?.body.id);
  const claimed = await deliveries.claim(`del_${id.slice(4)}-1`, 7_000);
  if (claimed.result !== 'claimed') throw new Error(`not claimed: ${claimed.result}`);
  const next = { kind: 'end', status: 'accepted' } as const;
  await deliveries.settle(claimed.attempt, {
    provider: 'twilio',
    countsAsCall: true,
    outcome: 'accepted',
    expectsReceipt: true,
    next,
  });
  return { id, project, mode, attemptId: claimed.attempt.id };
}

async function receive(provider: 'twilio' | 'vonage', attemptId: string, receipt: ReceiptCall) {
  const path = `/receipts/${provider}/${attemptId}`;
  // Providers carry no key: the gateway names no project of theirs.
  const [answer] = await callHop(otp.url, [
    { method: 'POST', path, body: JSON.stringify(receipt), project: 'default' },
  ]);
  return [answer?.status, answer?.body.results ?? answer?.body.code];
}
async function statusOf({ id, project, mode }: { id: string; project: string; mode: Mode }) {
  const [answer] = await callHop(otp.url, [{ method: 'GET', path: `/v1/verifications/${id}`, project, mode }]);
  const known = answer?.body.deliveries as { status: string }[] | undefined;
  return known?.[0]?.status;
}

const APPLIED = [200, ['applied']];
const REFUSED = [403, 'invalid_signature'];

describe.each([
  ['twilio', twilioReceipt, ''],
  ['vonage', vonageReceipt, 'v'],
] as const)("%s's receipts of two projects", (kind, write, suffix) => {
  const secretOf = (project: 'a' | 'b') => `of-prv_${project}${suffix}`;

  test('are believed when the attempt’s own project’s account signed them', async () => {
    for (const name of ['a', 'b'] as const) {
      const attempt = await attempted(`prj_${name}`);
      expect(await receive(kind, attempt.attemptId, write(attempt.attemptId, secretOf(name)))).toEqual(APPLIED);
      expect(await statusOf(attempt)).toBe('delivered');
    }
  });

  test('are refused when another project’s account signed them, and change nothing', async () => {
    for (const [name, other] of [
      ['a', 'b'],
      ['b', 'a'],
    ] as const) {
      const attempt = await attempted(`prj_${name}`);
      const forged = write(attempt.attemptId, secretOf(other));
      expect(await receive(kind, attempt.attemptId, forged)).toEqual(REFUSED);
      expect(await statusOf(attempt)).toBe('accepted');
    }
    const without = await attempted('prj_without');
    expect(await receive(kind, without.attemptId, write(without.attemptId, secretOf('a')))).toEqual(REFUSED);
  });

  test('are refused for a test verification: a live account signed them', async () => {
    const attempt = await attempted('prj_a', 'test');
    expect(await receive(kind, attempt.attemptId, write(attempt.attemptId, secretOf('a')))).toEqual(REFUSED);
  });

  test('are nobody’s once the verification is forgotten', async () => {
    const { id, attemptId } = await attempted('prj_a');
    const nodes = 'nodes' in redis ? redis.nodes('master') : [redis];
    for (const node of nodes) for (const key of await node.keys(`*:v:${id.slice(4)}`)) await node.del(key);
    expect(await receive(kind, attemptId, write(attemptId, secretOf('a')))).toEqual(REFUSED);
  });
});

test("the platform's own account is believed for any project", async () => {
  const { attemptId } = await attempted('prj_a');
  expect(await receive('twilio', attemptId, twilioReceipt(attemptId, 'of-the-platform'))).toEqual(APPLIED);
});

test('each account at the sandbox signs for its own project, and only in test mode', async () => {
  await publish('prj_a', [twilio('prv_boxed', { mode: 'test', credentials: '' })]);
  const mine = await attempted('prj_a', 'test');
  const token = sandboxTokenOf('prv_boxed');
  for (const madeUp of ['sandbox-prv_boxed', sandboxTokenOf('prv_other')]) {
    expect(await receive('twilio', mine.attemptId, twilioReceipt(mine.attemptId, madeUp))).toEqual(REFUSED);
  }
  expect(await receive('twilio', mine.attemptId, twilioReceipt(mine.attemptId, token))).toEqual(APPLIED);
  for (const [project, mode] of [
    ['prj_b', 'test'],
    ['prj_a', 'live'],
  ] as const) {
    const { attemptId } = await attempted(project, mode);
    expect(await receive('twilio', attemptId, twilioReceipt(attemptId, token))).toEqual(REFUSED);
  }
});

test('a provider that drains is still believed, a deleted one no more, and a new one at once', async () => {
  const attempts = await Promise.all([1, 2, 3].map(() => attempted('prj_a')));
  const [first, second, third] = attempts.map(({ attemptId }) => attemptId) as [string, string, string];
  await publish('prj_a', [twilio('prv_a', { isDraining: true })]);
  expect(await receive('twilio', first, twilioReceipt(first, 'of-prv_a'))).toEqual(APPLIED);
  // otp has just read the copy; it must look again before it refuses.
  await publish('prj_a', [twilio('prv_new')]);
  expect(await receive('twilio', second, twilioReceipt(second, 'of-prv_new'))).toEqual(APPLIED);
  expect(await receive('twilio', third, twilioReceipt(third, 'of-prv_a'))).toEqual(REFUSED);
});

test('credentials that cannot be unsealed believe nothing, and are in no other provider’s way', async () => {
  const torn = twilio('prv_torn', { credentials: twilio('prv_other').credentials });
  await publish('prj_a', [torn, twilio('prv_whole')]);
  const { attemptId } = await attempted('prj_a');
  for (const token of ['of-prv_torn', 'of-prv_other', '']) {
    expect(await receive('twilio', attemptId, twilioReceipt(attemptId, token))).toEqual(REFUSED);
  }
  expect(await receive('twilio', attemptId, twilioReceipt(attemptId, 'of-prv_whole'))).toEqual(APPLIED);
});

test('receipts feed the circuit of the account that signed them', async () => {
  const circuit = createCircuit({ redis, clock, probeLeaseMs: 0 });
  for (const key of ['prv_a', 'prv_b', 'twilio']) await redis.del(`ww:{h:${key}}`);
  const { attemptId } = await attempted('prj_a');
  const filtered = twilioReceipt(attemptId, 'of-prv_a', 'undelivered', { ErrorCode: '30007' });
  expect(await receive('twilio', attemptId, filtered)).toEqual(APPLIED);
  const failures = await Promise.all(
    ['prv_a', 'prv_b', 'twilio'].map(async (key) => (await circuit.read(key)).failures),
  );
  expect(failures).toEqual([1, 0, 0]);
});
