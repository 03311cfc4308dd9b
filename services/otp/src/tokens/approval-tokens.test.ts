import { createHash, createPrivateKey, createSecretKey, generateKeyPairSync } from 'node:crypto';
import { consumeTokenSchema } from '@watchword/contracts';
import { type KeyRing, Secret, singleKeyRing } from '@watchword/platform';
import {
  decodeJwt,
  decodeProtectedHeader,
  type JWTHeaderParameters,
  type JWTPayload,
  SignJWT,
  UnsecuredJWT,
} from 'jose';
import { expect, test } from 'vitest';
import type { ApprovalTokens } from '../ports.ts';
import { createApprovalTokens } from './approval-tokens.ts';

const APPROVED_AT = 1_800_000_000_789;
const seedOf = (name: string) => new Secret(createHash('sha256').update(`test seed ${name}`).digest());
const OLD = singleKeyRing(seedOf('old'));
const ROTATED: KeyRing = {
  current: { id: 2, key: seedOf('new') },
  keys: [{ id: 2, key: seedOf('new') }, ...OLD.keys],
};
const approved = { id: 'ver_x', destination: '+14155550123', purpose: 'login', approvedAt: APPROVED_AT };
const LIVE = { project: 'p', mode: 'live' } as const;
const TEST = { project: 'p', mode: 'test' } as const;
const OTHER = { project: 'other', mode: 'live' } as const;

/** Signs whatever it is given with the platform's own key. */
const PKCS8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), OLD.current.key.reveal()]);
const own = (header: JWTHeaderParameters, claims: JWTPayload) =>
  new SignJWT(claims).setProtectedHeader(header).sign(createPrivateKey({ key: PKCS8, format: 'der', type: 'pkcs8' }));

let now = APPROVED_AT;
const clock = { now: () => now, serverNow: () => now };
const create = (ring = OLD, issuer = 'watchword') => createApprovalTokens({ ring, clock, issuer, ttlSeconds: 600 });
const issue = async (tokens: ApprovalTokens | Promise<ApprovalTokens>) => (await tokens).issue(approved, LIVE);

test('a token names the proved destination for one project, and the same approval makes the same bytes', async () => {
  const tokens = await create();
  const token = await issue(tokens);
  expect(await issue(create())).toBe(token);
  expect(decodeProtectedHeader(token)).toEqual({
    alg: 'EdDSA',
    typ: 'verification+jwt',
    kid: tokens.jwks.keys[0]?.kid,
  });
  const iat = Math.floor(APPROVED_AT / 1000);
  expect(decodeJwt(token)).toEqual({
    iss: 'watchword',
    aud: 'p',
    sub: '+14155550123',
    jti: 'ver_x',
    verification: 'ver_x',
    iat,
    nbf: iat,
    exp: iat + 600,
    amr: ['otp'],
    purpose: 'login',
  });
  const claims = { id: 'ver_x', destination: '+14155550123', purpose: 'login', approvedAt: iat * 1000 };
  expect(await tokens.verify(token, LIVE)).toEqual({ ...claims, isExpired: false });
  now = (iat + 600) * 1000;
  expect(await tokens.verify(token, LIVE)).toEqual({ ...claims, isExpired: true });
  now = APPROVED_AT;
});

test('a token of test mode has an audience of its own, so that nobody who expects a live one takes it', async () => {
  const tokens = await create();
  const token = await tokens.issue(approved, TEST);
  expect(decodeJwt(token).aud).toBe('p:test');
  expect(await tokens.verify(token, TEST)).toMatchObject({ id: 'ver_x' });
});

test('a token whose code went to several addresses names all of them, and is still one that may be spent', async () => {
  const tokens = await create();
  const sentTo = [approved.destination, `${'a'.repeat(64)}@${'b.'.repeat(92)}example`, 't'.repeat(512)];
  const token = await tokens.issue({ ...approved, sentTo }, LIVE);
  expect(decodeJwt(token)).toMatchObject({ sub: approved.destination, sent_to: sentTo });
  expect(await tokens.verify(token, LIVE)).toMatchObject({ destination: approved.destination, sentTo });
  // The longest that there is: no phone number, the others as long as they may be.
  const longest = await tokens.issue({ ...approved, destination: sentTo[2] ?? '', sentTo }, LIVE);
  expect(consumeTokenSchema.safeParse({ token: longest }).success).toBe(true);
});

test('the public keys hold nothing private', async () => {
  const { jwks } = await create(ROTATED);
  expect(jwks.keys.map((key) => Object.keys(key).toSorted())).toEqual(
    Array.from({ length: 2 }, () => ['alg', 'crv', 'kid', 'kty', 'use', 'x']),
  );
  const seeds = ROTATED.keys.map(({ key }) => key.reveal().toString('base64url'));
  for (const seed of seeds) expect(JSON.stringify(jwks)).not.toContain(seed);
});

test('after a rotation the new key signs, tokens of the old one verify, and do no more once it is retired', async () => {
  const oldToken = await issue(create());
  const rotated = await create(ROTATED);
  expect(decodeProtectedHeader(await issue(rotated)).kid).not.toBe(decodeProtectedHeader(oldToken).kid);
  expect(await rotated.verify(oldToken, LIVE)).toMatchObject({ id: 'ver_x' });
  const retired = await create({ current: ROTATED.current, keys: [ROTATED.current] });
  expect(await retired.verify(oldToken, LIVE)).toBeNull();
});

test('a token of another project, mode, issuer or type, forged, unsigned or of another algorithm is none', async () => {
  const tokens = await create();
  const token = await issue(tokens);
  const [header = '', payload = '', signature = ''] = token.split('.');
  const claims: JWTPayload = decodeJwt(token);
  const { kid = '', x = '' } = tokens.jwks.keys[0] ?? {};
  const foreign = generateKeyPairSync('ed25519').privateKey;
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const typ = 'verification+jwt';
  const without = (claim: string) => Object.fromEntries(Object.entries(claims).filter(([name]) => name !== claim));
  const forged = {
    'another project': [token, OTHER],
    'test mode': [await tokens.issue(approved, TEST), LIVE],
    'live mode, for test mode': [token, TEST],
    'another issuer': [await issue(create(OLD, 'else')), LIVE],
    'another type': [await own({ alg: 'EdDSA', kid, typ: 'JWT' }, claims), LIVE],
    'no type': [await own({ alg: 'EdDSA', kid }, claims), LIVE],
    'no expiry': [await own({ alg: 'EdDSA', kid, typ }, without('exp')), LIVE],
    'no destination': [await own({ alg: 'EdDSA', kid, typ }, without('sub')), LIVE],
    'changed claims': [`${header}.${encode({ ...claims, sub: '+14155550199' })}.${signature}`, LIVE],
    'another key': [await new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA', kid, typ }).sign(foreign), LIVE],
    'an unknown key': [await own({ alg: 'EdDSA', kid: 'unknown', typ }, claims), LIVE],
    'the public key as a shared secret': [
      await new SignJWT(claims)
        .setProtectedHeader({ alg: 'HS256', kid, typ })
        .sign(createSecretKey(Buffer.from(x, 'base64url'))),
      LIVE,
    ],
    unsigned: [new UnsecuredJWT(claims).encode(), LIVE],
    'alg none': [`${encode({ alg: 'none', kid, typ })}.${payload}.`, LIVE],
    'no token': ['nonsense', LIVE],
    'not yet valid': [await own({ alg: 'EdDSA', kid, typ }, { ...claims, nbf: (claims.nbf ?? 0) + 60 }), LIVE],
  } as const;
  const taken = [];
  for (const [name, [text, owner]] of Object.entries(forged)) {
    if ((await tokens.verify(text, owner)) !== null) taken.push(name);
  }
  expect(taken).toEqual([]);
  expect(await tokens.verify(await own({ alg: 'EdDSA', kid, typ }, claims), LIVE)).not.toBeNull();
});
