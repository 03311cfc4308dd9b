import { createVerify, generateKeyPairSync } from 'node:crypto';
import { Secret } from '@watchword/platform';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { AccountUnusable, kindOf, type ProviderAdapter } from '../src/index.ts';
import type { FcmConfig } from '../src/providers/fcm/config.ts';
import { FCM_ERROR_CODES, GOOGLE_STATUSES } from '../src/providers/fcm/error-table.ts';
import { createFcmProvider } from '../src/providers/fcm/fcm-provider.ts';
import { CODE, CREDENTIAL, describeProviderContract, message, NO_TEXT, TEXT, verdictOf } from './provider-contract.ts';
import { type Answer, hang, json, type ReceivedRequest, raw, reset, startWire, type Wire } from './wire.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const PEM = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const DEVICE = 'dEvIcE-tOkEn:APA91bFoReXaMpLeOnLy';
const CLIENT = 'push@acme-app.iam.gserviceaccount.com';
const PUSH = { channel: 'push', to: DEVICE, subject: 'Your code' } as const;

const config = (baseUrl: string, timeoutMs = 5_000): FcmConfig => ({
  mode: 'live',
  projectId: 'acme-app',
  clientEmail: CLIENT,
  key: privateKey,
  tokenUrl: `${baseUrl}/token`,
  baseUrl,
  timeoutMs,
});

const TOKEN = { access_token: CREDENTIAL, expires_in: 3_599, token_type: 'Bearer' };
const accepted = { name: 'projects/acme-app/messages/0:1700000000000000%abc' };
const isSignIn = ({ path }: ReceivedRequest) => path === '/token';
const signIn =
  (answer: Answer): Answer =>
  (response, request) =>
    (isSignIn(request) ? json(200, TOKEN) : answer)(response, request);

/** As FCM says it: its own code stands in a detail. The message quotes the request, as the real one may. */
const refuse = (errorCode: string, status = 400) =>
  json(status, {
    error: {
      code: status,
      message: `The registration token ${DEVICE} is not valid: ${TEXT}`,
      status: 'INVALID_ARGUMENT',
      details: [
        { '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [{ field: 'message.token' }] },
        { '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError', errorCode },
      ],
    },
  });
/** As Google's front says it. */
const refuseByStatus = (httpStatus: number, status: string) =>
  json(httpStatus, { error: { code: httpStatus, message: `No: ${TEXT}`, status } });

const OWN_CODES = [
  ['UNREGISTERED', 'destination'],
  ['INVALID_ARGUMENT', 'destination'],
  ['SENDER_ID_MISMATCH', 'configuration'],
  ['THIRD_PARTY_AUTH_ERROR', 'configuration'],
  ['QUOTA_EXCEEDED', 'transient'],
  ['UNAVAILABLE', 'transient'],
  ['INTERNAL', 'transient'],
] as const;
/** With the HTTP status that Google sends each with. */
const FRONT_STATUSES = [
  [400, 'INVALID_ARGUMENT', 'configuration'],
  [400, 'FAILED_PRECONDITION', 'configuration'],
  [401, 'UNAUTHENTICATED', 'configuration'],
  [403, 'PERMISSION_DENIED', 'configuration'],
  [404, 'NOT_FOUND', 'configuration'],
  [409, 'ABORTED', 'transient'],
  [429, 'RESOURCE_EXHAUSTED', 'transient'],
  [500, 'INTERNAL', 'transient'],
  [503, 'UNAVAILABLE', 'transient'],
  [504, 'DEADLINE_EXCEEDED', 'unknown'],
] as const;

test('has a verdict for no word that its test does not name', () => {
  expect(OWN_CODES.map(([code]) => code).toSorted()).toEqual([...FCM_ERROR_CODES.keys()].toSorted());
  expect(FRONT_STATUSES.map(([, status]) => status).toSorted()).toEqual([...GOOGLE_STATUSES.keys()].toSorted());
});

describeProviderContract({
  name: 'fcm',
  channel: 'push',
  message: PUSH,
  create: (baseUrl, timeoutMs) => createFcmProvider(config(baseUrl, timeoutMs)),
  accepted: {},
  signIn,
  wire: {
    ok: json(200, accepted),
    okBody: JSON.stringify(accepted),
    throttle: refuse('QUOTA_EXCEEDED', 429),
    auth: refuseByStatus(401, 'UNAUTHENTICATED'),
    reject: refuse('UNREGISTERED', 404),
  },
  codes: { throttle: 'QUOTA_EXCEEDED', auth: 'UNAUTHENTICATED', reject: 'UNREGISTERED' },
  withoutId: [
    { name: '' },
    { name: 7 },
    { name: NO_TEXT },
    { name: 'projects/acme-app/messages/' },
    { name: `projects/acme-app/messages/${'x'.repeat(129)}` },
    { name: 'projects/acme-app/messages/ü' },
    { name: TEXT },
  ],
  table: OWN_CODES,
  unlisted: 'SOMETHING_NEW',
  refuse: (code) => refuse(String(code)),
  secrets: [PEM.split('\n')[1] ?? '', CLIENT],
});

let wire: Wire;
let provider: ProviderAdapter;
let now = 1_800_000_000_000;
beforeAll(async () => {
  wire = await startWire();
});
afterAll(() => wire.close());
afterEach(() => (provider as ProviderAdapter | undefined)?.close());

function start(timeoutMs?: number): void {
  wire.received.length = 0;
  wire.answer(signIn(json(200, accepted)));
  provider = createFcmProvider(config(wire.url, timeoutMs), { now: () => now });
}
const signIns = () => wire.received.filter(isSignIn);
const sends = () => wire.received.filter((request) => !isSignIn(request));
const send = (over: Parameters<typeof message>[0] = {}) => provider.send(message({ ...PUSH, ...over }));

describe("fcm's wire", () => {
  test('exchanges an assertion that the service account signed for a token', async () => {
    start();
    await send();
    const [{ headers, body } = { headers: {}, body: '' }] = signIns();
    expect(headers['content-type']).toBe('application/x-www-form-urlencoded');
    const form = new URLSearchParams(body);
    expect(form.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer');
    const [header = '', claims = '', signature = ''] = (form.get('assertion') ?? '').split('.');
    const decoded = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as object;
    expect(decoded(header)).toEqual({ alg: 'RS256', typ: 'JWT' });
    expect(decoded(claims)).toEqual({
      iss: CLIENT,
      scope: 'https://www.googleapis.com/auth/firebase.messaging',
      aud: `${wire.url}/token`,
      iat: now / 1000,
      exp: now / 1000 + 3_600,
    });
    const verify = createVerify('RSA-SHA256').update(`${header}.${claims}`);
    expect(verify.verify(publicKey, signature, 'base64url')).toBe(true);
  });

  test('sends a message that dies with its code, before all others, in the place of an older one', async () => {
    start();
    await send({ validitySeconds: 120.7, purpose: 'transaction' });
    expect(sends()).toHaveLength(1);
    expect(sends()[0]).toMatchObject({
      method: 'POST',
      path: '/v1/projects/acme-app/messages:send',
      headers: { authorization: `Bearer ${CREDENTIAL}`, 'content-type': 'application/json' },
    });
    expect(JSON.parse(sends()[0]?.body ?? '')).toEqual({
      message: {
        token: DEVICE,
        notification: { title: 'Your code', body: TEXT },
        data: { code: CODE, purpose: 'transaction', attempt_id: 'att_0123456789abcdefghjkmnpq' },
        android: { priority: 'HIGH', ttl: '120s', collapse_key: 'otp' },
        apns: {
          headers: {
            'apns-priority': '10',
            'apns-push-type': 'alert',
            'apns-expiration': String(now / 1000 + 120),
            'apns-collapse-id': 'otp',
          },
        },
      },
    });
  });

  test.each(FRONT_STATUSES)('judges %i %s without FCM’s own word as %s', async (httpStatus, status, verdict) => {
    start();
    wire.answer(signIn(refuseByStatus(httpStatus, status)));
    const result = await send();
    expect(result).toMatchObject({ providerCode: status });
    expect(verdictOf(result)).toBe(verdict);
  });
});

describe('an access token', () => {
  test('is asked for once, however many wait for it', async () => {
    start();
    const all = await Promise.all(Array.from({ length: 20 }, () => send()));
    expect(all.every(({ outcome }) => outcome === 'accepted')).toBe(true);
    expect(signIns()).toHaveLength(1);
  });

  test('is used until a minute before its end', async () => {
    start();
    await send();
    now += (TOKEN.expires_in - 60) * 1000 - 1;
    await send();
    expect(signIns()).toHaveLength(1);
    now += 1;
    await send();
    expect(signIns()).toHaveLength(2);
  });

  test('that is refused is replaced, and the message sent again, once', async () => {
    start();
    await send();
    const refused = refuseByStatus(401, 'UNAUTHENTICATED');
    let refusals = 0;
    wire.answer((response, request) => {
      const answer = isSignIn(request) ? json(200, TOKEN) : refusals++ === 0 ? refused : json(200, accepted);
      answer(response, request);
    });
    expect(await send()).toMatchObject({ outcome: 'accepted' });
    expect([signIns().length, sends().length]).toEqual([2, 3]);
    wire.answer(signIn(refused));
    expect(await send()).toMatchObject({ outcome: 'rejected', class: 'configuration' });
    expect([signIns().length, sends().length]).toEqual([3, 5]);
    expect(await send()).toMatchObject({ outcome: 'rejected', class: 'configuration' });
    expect([signIns().length, sends().length]).toEqual([4, 6]);
  });

  test('is kept when what was refused is the app’s key at Apple, and nothing is sent again', async () => {
    start();
    await send();
    wire.answer(signIn(refuse('THIRD_PARTY_AUTH_ERROR', 401)));
    for (let time = 0; time < 2; time += 1) {
      expect(await send()).toMatchObject({ class: 'configuration', providerCode: 'THIRD_PARTY_AUTH_ERROR' });
    }
    expect([signIns().length, sends().length]).toEqual([1, 3]);
  });

  test.each([
    ['a wrong account', json(400, { error: 'invalid_grant', error_description: PEM }), 'invalid_grant', 'rejected'],
    ['no JSON', raw(401, '<html>'), 'http_401', 'rejected'],
    ['a busy server', raw(503, ''), 'http_503', 'transient'],
    ['a gateway that gave up', raw(504, ''), 'http_504', 'transient'],
    ['an answer without one', json(200, {}), 'no_access_token', 'transient'],
    [
      'an answer that is none',
      json(200, { access_token: NO_TEXT, expires_in: NO_TEXT }),
      'no_access_token',
      'transient',
    ],
    ['a reset', reset, 'UND_ERR_SOCKET', 'transient'],
    ['silence', hang, 'timeout', 'transient'],
  ])('that does not come means that nothing was sent: %s', async (_, answer, providerCode, outcome) => {
    start(400);
    wire.answer(answer);
    expect(await send()).toMatchObject({
      outcome,
      providerCode: expect.stringMatching(`^(${providerCode}|ECONNRESET)$`),
    });
    expect(sends()).toHaveLength(0);
  });

  test('is waited for no longer than its caller has time, and still comes for the next', async () => {
    start();
    const asked = Promise.withResolvers<() => void>();
    wire.answer((response, request) => {
      if (isSignIn(request)) asked.resolve(() => json(200, TOKEN)(response, request));
      else json(200, accepted)(response, request);
    });
    const patient = send();
    const arrive = await asked.promise;
    expect(await send({ signal: AbortSignal.timeout(50) })).toEqual({ outcome: 'transient', providerCode: 'timeout' });
    arrive();
    expect(await patient).toMatchObject({ outcome: 'accepted' });
    expect(await send()).toMatchObject({ outcome: 'accepted' });
    expect([signIns().length, sends().length]).toEqual([1, 2]);
  });
});

describe('an account', () => {
  const surroundings = {
    sandboxUrl: 'http://127.0.0.1:1',
    sandboxSmtpUrl: 'smtp://127.0.0.1:1',
    receiptsUrl: undefined,
    timeoutMs: 5_000,
    baseUrl: undefined,
    reference: 'platform',
  };
  const create = (private_key: string, over: Partial<Record<keyof typeof surroundings, string>> = {}) =>
    kindOf('fcm').createProvider(
      { mode: 'live', settings: { project_id: 'acme-app', client_email: CLIENT }, credentials: { private_key } },
      { ...surroundings, ...over } as typeof surroundings,
    );

  test('at the sandbox needs no key', async () => {
    start();
    const account = { mode: 'test', settings: {}, sandboxToken: new Secret('sandbox') } as const;
    const twin = kindOf('fcm').createProvider(account, { ...surroundings, sandboxUrl: wire.url });
    expect(await twin.send(message(PUSH))).toMatchObject({ outcome: 'accepted' });
    expect(sends()[0]?.path).toBe('/v1/projects/sandbox/messages:send');
    await twin.close();
  });

  test('takes its key as the service account’s file has it, or with its line ends spelt out', async () => {
    start();
    for (const key of [PEM, PEM.replaceAll('\n', '\\n')]) {
      const live = create(key, { baseUrl: wire.url });
      expect(await live.send(message(PUSH))).toMatchObject({ outcome: 'accepted' });
      await live.close();
    }
  });

  test('is not usable with a key that is none, and says so without the key', () => {
    start();
    const { privateKey: other } = generateKeyPairSync('ed25519');
    const wrong = other.export({ type: 'pkcs8', format: 'pem' }).toString();
    for (const key of [CREDENTIAL, wrong]) {
      expect(() => create(key)).toThrow(AccountUnusable);
      expect(() => create(key)).toThrow(/private_key/);
      expect(() => create(key)).not.toThrow(new RegExp(key.slice(0, 20)));
    }
  });
});
