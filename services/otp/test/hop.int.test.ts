import { createHash } from 'node:crypto';
import { HOP_HEADERS } from '@watchword/contracts';
import { createHopSigner, type HopContext, parseEnvironment, type RunningService, Secret } from '@watchword/platform';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { composeOtp, otpVariables } from '../src/index.ts';

const keyOf = (name: string) => createHash('sha256').update(`watchword test ${name}`).digest('base64url');
const sign = createHopSigner(new Secret(Buffer.from(keyOf('HOP_KEY'), 'base64url')));
const PATH = '/v1/verifications';
const BODY = JSON.stringify({ to: '+14155550123' });

let otp: RunningService;
beforeAll(async () => {
  const names = ['PEPPER', 'SEAL_KEY', 'ID_KEY', 'HOP_KEY', 'TOKEN_KEY'];
  const keys = Object.fromEntries(names.map((name) => [name, keyOf(name)]));
  const environment = { REDIS_URL: inject('redisUrl'), OTP_PORT: '0', LOG_LEVEL: 'silent', PACING_SECONDS: '0' };
  otp = await composeOtp(parseEnvironment(otpVariables, { ...keys, ...environment }));
});
afterAll(() => otp.close());

const contextOf = (changes: Partial<HopContext> = {}): HopContext => ({
  requestId: 'request-1',
  project: 'p-hop',
  mode: 'test',
  operation: '',
  deadline: Date.now() + 5_000,
  ...changes,
});

async function call(context: HopContext, signature: string, body = BODY) {
  const response = await fetch(otp.url + PATH, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      [HOP_HEADERS.requestId]: context.requestId,
      [HOP_HEADERS.project]: context.project,
      [HOP_HEADERS.mode]: context.mode,
      [HOP_HEADERS.operation]: context.operation,
      [HOP_HEADERS.deadline]: String(context.deadline),
      [HOP_HEADERS.signature]: signature,
    },
    body,
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

test('a signed call is carried out under the id of the request it belongs to', async () => {
  const context = contextOf();
  expect(await call(context, sign('POST', PATH, context, BODY))).toMatchObject({ status: 202 });
  const refused = await call(context, sign('POST', PATH, context, '{'), '{');
  expect(refused).toMatchObject({ status: 400, body: { request_id: 'request-1' } });
});

test('without the headers, with another key, or with anything changed after signing, a call is refused', async () => {
  const bare = await fetch(otp.url + PATH, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: BODY,
  });
  expect(bare.status).toBe(401);
  const context = contextOf();
  const signature = sign('POST', PATH, context, BODY);
  const foreign = createHopSigner(new Secret(Buffer.alloc(32)))('POST', PATH, context, BODY);
  const changes: Partial<HopContext>[] = [
    { project: 'p-other' },
    { mode: 'live' },
    { operation: 'another' },
    { deadline: context.deadline + 60_000 },
  ];
  expect((await call(context, foreign)).status).toBe(401);
  expect((await call(context, signature, BODY.replace('0123', '0124'))).status).toBe(401);
  for (const change of changes) expect((await call({ ...context, ...change }, signature)).status).toBe(401);
});

test('a call past its deadline is not carried out', async () => {
  const context = contextOf({ deadline: Date.now() - 1_000 });
  expect((await call(context, sign('POST', PATH, context, BODY))).status).toBe(503);
});
