import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { CODE, DEVICE, postFcm, TEXT } from './provider-posts.ts';
import { expectRefused, readAnswer, useSandbox } from './running-sandbox.ts';

const sandbox = useSandbox();

describe('FCM’s wire', () => {
  it('takes a message for a device, and answers with its name', async () => {
    const { status, body } = await readAnswer(await postFcm(sandbox.url));
    const [message] = await sandbox.messages();
    expect({ status, body }).toEqual({ status: 200, body: { name: `projects/sandbox/messages/${message?.id}` } });
    expect(message).toMatchObject({ channel: 'push', to: DEVICE, subject: 'Your code', text: TEXT, code: CODE });
  });

  it('finds a code that only the app is told', async () => {
    await postFcm(sandbox.url, { notification: { title: 'Sign in' }, data: { code: 'K7QM2XPA9R' } });
    expect(await sandbox.messages()).toMatchObject([{ text: '', code: 'K7QM2XPA9R' }]);
  });

  it('refuses a message for no device, and a call without a token, in Google’s words', async () => {
    await expectRefused(sandbox, postFcm(sandbox.url, { token: '' }), 400, {
      error: { code: 400, status: 'INVALID_ARGUMENT', details: [{ fieldViolations: [{ field: 'message.token' }] }] },
    });
    await expectRefused(sandbox, postFcm(sandbox.url, {}, ''), 401, {
      error: { code: 401, status: 'UNAUTHENTICATED' },
    });
  });
});

describe('Google’s token endpoint', () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const nowSeconds = () => Math.floor(Date.now() / 1000);
  const usual = () => ({
    iss: 'watchword@sandbox.invalid',
    scope: 'https://www.googleapis.com/auth/firebase.messaging',
    aud: `${sandbox.url}/token`,
    iat: nowSeconds(),
    exp: nowSeconds() + 3_600,
  });
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');

  function assertionOf(claims: object, header: object = { alg: 'RS256', typ: 'JWT' }): string {
    const signed = `${encode(header)}.${encode(claims)}`;
    return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), privateKey).toString('base64url')}`;
  }

  const ask = (assertion: string, grant_type = 'urn:ietf:params:oauth:grant-type:jwt-bearer') =>
    fetch(`${sandbox.url}/token`, { method: 'POST', body: new URLSearchParams({ grant_type, assertion }) });

  it('gives a token for a service account’s assertion, and FCM takes it', async () => {
    const { status, body } = await readAnswer(await ask(assertionOf(usual())));
    expect({ status, body }).toMatchObject({ status: 200, body: { expires_in: 3_599, token_type: 'Bearer' } });
    expect((await postFcm(sandbox.url, {}, `Bearer ${String(body.access_token)}`)).status).toBe(200);
  });

  it.each([
    ['no assertion', () => '', 'Invalid JWT Signature.'],
    ['one that nobody signed', () => `${encode({ alg: 'RS256' })}.${encode(usual())}.`, 'Invalid JWT Signature.'],
    ['one of another algorithm', () => assertionOf(usual(), { alg: 'HS256' }), 'Invalid JWT Signature.'],
    ['one without a scope', () => assertionOf({ ...usual(), scope: undefined }), 'scope'],
    ['one that is over', () => assertionOf({ ...usual(), exp: nowSeconds() - 1 }), 'reasonable timeframe'],
    ['one for too long', () => assertionOf({ ...usual(), exp: nowSeconds() + 7_200 }), 'reasonable timeframe'],
    ['one from the future', () => assertionOf({ ...usual(), iat: nowSeconds() + 600 }), 'reasonable timeframe'],
  ])('refuses %s', async (_case, assertion, words) => {
    const { status, body } = await readAnswer(await ask(assertion()));
    expect({ status, error: body.error }).toEqual({ status: 400, error: 'invalid_grant' });
    expect(body.error_description).toContain(words);
  });

  it('knows no other grant', async () => {
    expect(await readAnswer(await ask('', 'password'))).toMatchObject({
      status: 400,
      body: { error: 'unsupported_grant_type' },
    });
  });
});
