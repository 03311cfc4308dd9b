import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Account, AccountUnusable, kindOf } from '../src/index.ts';
import { createVonageMessagesProvider } from '../src/providers/vonage-messages/vonage-messages-provider.ts';
import { CREDENTIAL, message } from './provider-contract.ts';
import { accepted, config } from './vonage-messages-account.ts';
import { json, startWire, type Wire } from './wire.ts';

const surroundings = (baseUrl: string, reference = 'default.prv_1') => ({
  sandboxUrl: baseUrl,
  sandboxSmtpUrl: '',
  receiptsUrl: 'https://otp.example.com',
  timeoutMs: 1_000,
  baseUrl,
  reference,
});

describe('a vonage_messages application', () => {
  let wire: Wire;
  beforeAll(async () => {
    wire = await startWire();
    wire.answer(json(202, accepted));
  });
  afterAll(() => wire.close());

  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const applicationId = 'aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab';
  const START = Date.UTC(2026, 10, 21, 12);
  const decode = (part = ''): unknown => JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  const lastToken = () => /^Bearer (.+)$/.exec(wire.received.at(-1)?.headers.authorization ?? '')?.[1] ?? '';

  test('logs in by a token that it signs itself, and renews it a minute before its end', async () => {
    let now = START;
    const login = { kind: 'application', applicationId, privateKey } as const;
    const signing = createVonageMessagesProvider({ ...config(wire.url), login }, () => now);
    await signing.send(message());
    const first = lastToken();
    const [header, claims, signature] = first.split('.');
    expect(
      verify('RSA-SHA256', Buffer.from(`${header}.${claims}`), publicKey, Buffer.from(signature ?? '', 'base64url')),
    ).toBe(true);
    expect(decode(header)).toEqual({ alg: 'RS256', typ: 'JWT' });
    const seconds = START / 1000;
    expect(decode(claims)).toEqual({
      application_id: applicationId,
      iat: seconds,
      exp: seconds + 900,
      jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    now += 839_999;
    await signing.send(message());
    expect(lastToken()).toBe(first);
    now += 1;
    await signing.send(message());
    expect(lastToken()).not.toBe(first);
    await signing.close();
  });

  test('takes its key with line ends written out, as an environment has them', async () => {
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const account: Account = {
      mode: 'live',
      settings: { from: 'Acme', application_id: applicationId },
      credentials: { private_key: pem.replaceAll('\n', '\\n') },
    };
    const made = kindOf('vonage_messages').createProvider(account, surroundings(wire.url));
    expect((await made.send(message())).outcome).toBe('accepted');
    const [header, claims, signature] = lastToken().split('.');
    const key = createPublicKey(privateKey);
    expect(
      verify('RSA-SHA256', Buffer.from(`${header}.${claims}`), key, Buffer.from(signature ?? '', 'base64url')),
    ).toBe(true);
    await made.close();
  });
});

describe("vonage_messages' accounts", () => {
  const { createProvider } = kindOf('vonage_messages');
  const live = (settings: Record<string, string>, credentials: Record<string, string>): Account => ({
    mode: 'live',
    settings: { from: 'Acme', ...settings },
    credentials,
  });
  const EC_KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' });

  test.each([
    [{}, {}, 'api_key, api_secret'],
    [{ api_key: 'abcd1234' }, {}, 'api_secret'],
    [{ application_id: 'aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab' }, {}, 'private_key'],
    [{}, { private_key: 'not a key' }, 'private_key'],
    [{}, { private_key: EC_KEY.toString() }, 'private_key'],
  ])('are refused with half a login, by name: %o', (settings, credentials, name) => {
    const attempt = () => createProvider(live(settings, credentials), surroundings('http://127.0.0.1:1'));
    expect(attempt).toThrow(AccountUnusable);
    expect(attempt).toThrow(name);
    expect(attempt).not.toThrow(/not a key|PRIVATE/);
  });

  test('ask for receipts only where somebody could believe them', async () => {
    const login = { api_secret: CREDENTIAL };
    const given = async (credentials: Record<string, string>, reference?: string) => {
      const account = live({ api_key: 'abcd1234' }, { ...login, ...credentials });
      const made = createProvider(account, surroundings('https://api.example.com', reference));
      await made.close();
      return made.givesReceipts;
    };
    expect(await given({})).toBe(false);
    expect(await given({ signature_secret: CREDENTIAL })).toBe(true);
    expect(await given({}, 'platform')).toBe(true);
  });
});
