import {
  findLeaks,
  freshNumber,
  type Platform,
  readWholeDirectory,
  readWholeRedis,
  startPlatform,
} from '@watchword/testkit';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform({ env: { PACING_SECONDS: '0', SENDS_MAX: '20' } });
});
afterAll(() => platform.stop());

const gateway = () => platform.file.gateway ?? '';
const keyed = () => ({ 'idempotency-key': crypto.randomUUID() });

async function approve() {
  const to = freshNumber();
  const { body } = await platform.open(to, { purpose: 'password_reset' });
  const { code } = await platform.waitForMessage(to);
  const headers = keyed();
  const check = () => platform.call('POST', `/v1/verifications/${body.id}/check`, { code }, headers);
  const { token = '' } = (await check()).body;
  return { to, id: body.id, code: code ?? '', token, check };
}
const consume = (token: string, headers = {}) => platform.call('POST', '/v1/tokens/consume', { token }, headers);

test('any service verifies an approval token offline, with nothing but the published keys', async () => {
  const { to, id, token } = await approve();
  const jwks = createRemoteJWKSet(new URL('/.well-known/jwks.json', gateway()));
  const { payload } = await jwtVerify(token, jwks, {
    issuer: 'watchword',
    audience: 'default:test',
    typ: 'verification+jwt',
    algorithms: ['EdDSA'],
  });
  expect(payload).toMatchObject({ sub: to, jti: id, verification: id, purpose: 'password_reset', amr: ['otp'] });
  expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(600);
});

test('the keys are public and may be kept for a minute', async () => {
  const response = await fetch(`${gateway()}/.well-known/jwks.json`);
  expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'public, max-age=60']);
  const { keys } = (await response.json()) as { keys: object[] };
  expect(keys).toEqual([
    { kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig', x: expect.any(String), kid: expect.any(String) },
  ]);
});

test('the repeat of the check that approved gets the same token; a later right guess gets none', async () => {
  const { id, code, token, check } = await approve();
  expect(token).not.toBe('');
  expect((await check()).body.token).toBe(token);
  const later = (await platform.check(id, code)).body;
  expect(later).toMatchObject({ valid: false, result: 'already_approved' });
  expect(later).not.toHaveProperty('token');
});

test('of 100 parallel calls that spend a token one gets what it says, and so does its repeat', async () => {
  const { to, id, token } = await approve();
  const keys = Array.from({ length: 100 }, keyed);
  const answers = await Promise.all(keys.map((headers) => consume(token, headers)));
  const statuses = answers.map(({ status }) => status);
  const winner = statuses.indexOf(200);
  expect(statuses.filter((status) => status === 200)).toHaveLength(1);
  expect(new Set(statuses)).toEqual(new Set([200, 409]));
  expect(answers[winner]?.body).toEqual({
    verification: id,
    purpose: 'password_reset',
    to,
    approved_at: expect.any(String),
  });
  expect(await consume(token, keys[winner])).toMatchObject({ status: 200, body: answers[winner]?.body });
  expect(await consume(token)).toMatchObject({ status: 409, body: { code: 'token_consumed' } });
  const types = (await platform.timeline(id)).body.events.map(({ type }) => type);
  expect(types.filter((type) => type === 'token.consumed')).toHaveLength(1);
});

test('a forged token and no token at all are refused alike', async () => {
  const { token } = await approve();
  const [header = '', payload = '', signature = ''] = token.split('.');
  const forged = [`${header}.${payload}.${signature.replaceAll(/[A-Z]/g, 'B')}`, `${header}.${payload}.`, 'x.y.z', 'x'];
  for (const text of forged) {
    const { status, body } = await consume(text);
    expect({ status, code: body.code }).toEqual({ status: 422, code: 'token_invalid' });
    expect(body).toMatchObject({ detail: 'The token has expired, or was not issued for this project and mode.' });
  }
  expect((await consume(token)).status).toBe(200);
});

test('no token is stored or logged', async () => {
  const { token } = await approve();
  await consume(token);
  const [, payload = '', signature = ''] = token.split('.');
  const places = [
    ...(await readWholeRedis(platform.file.redis)),
    ...readWholeDirectory(platform.directory),
    ['log', Buffer.from(platform.standalone.output())] as const,
  ];
  expect(places.length).toBeGreaterThan(10);
  expect(findLeaks([payload, signature], places)).toEqual([]);
});
