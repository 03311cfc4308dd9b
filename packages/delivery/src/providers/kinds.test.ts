import { PROVIDER_KINDS } from '@watchword/contracts';
import { Secret } from '@watchword/platform';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  type Account,
  AccountUnusable,
  createPlatformProviders,
  kindOf,
  platformSigningAccounts,
  signingVariables,
} from '../index.ts';

const ofPlatform = {
  sandboxUrl: 'http://127.0.0.1:1',
  sandboxSmtpUrl: 'smtp://127.0.0.1:1',
  receiptsUrl: undefined,
  timeoutMs: 100,
};
const sandboxTokenOf = (account: string) => new Secret(`token-of-${account}`);
const surroundings = { ...ofPlatform, baseUrl: undefined, reference: 'default.prv_1' };

describe.each(PROVIDER_KINDS)('%s as a kind of provider', (kind) => {
  const { createProvider, settings, credentials } = kindOf(kind);

  test('needs nothing at the sandbox, and takes whatever it is given there', () => {
    for (const given of [{}, { from: 'Acme' }, { from: '!', unknown: 'x' }]) {
      const provider = createProvider({ mode: 'test', settings: given, sandboxToken: new Secret('x') }, surroundings);
      expect(provider).toMatchObject({ name: kind, mode: 'test' });
    }
  });

  test('refuses a live account that lacks something, by name and without a value', () => {
    const account: Account = { mode: 'live', settings: { from: '5ecret!' }, credentials: { extra: '5ecret!' } };
    const attempt = () => createProvider(account, surroundings);
    expect(attempt).toThrow(AccountUnusable);
    expect(attempt).not.toThrow(/5ecret/);
    for (const { shape } of [settings, credentials]) {
      const required = Object.keys(shape).filter((field) => !z.safeParse(shape[field] as z.ZodType, undefined).success);
      for (const field of required) expect(attempt).toThrow(field);
    }
  });

  test('believes no receipt of an account that cannot be used', () => {
    const account = { mode: 'live', settings: {}, credentials: {}, circuit: 'prv_1', reference: 'r' } as const;
    const read = kindOf(kind).createReceiptReader([account]);
    const call = { reference: 'r', method: 'POST', url: 'https://x', query: '', contentType: '', headers: {} } as const;
    expect(read({ ...call, body: Buffer.from('sig=') })).toBeNull();
  });
});

test('the platform’s account comes of the environment, with its twin at the sandbox beside it', () => {
  const given = {
    VONAGE_API_KEY: 'abcd1234',
    VONAGE_API_SECRET: new Secret('not-to-be-printed'),
    VONAGE_FROM: 'Acme',
  };
  const modes = (variables: object) =>
    createPlatformProviders('vonage', variables as typeof given, ofPlatform, sandboxTokenOf).map(({ mode }) => mode);
  expect(modes({})).toEqual(['test']);
  expect(modes(given)).toEqual(['live', 'test']);
  expect(() => modes({ VONAGE_FROM: 'Acme' })).toThrow(/VONAGE_FROM given without VONAGE_API_KEY, VONAGE_API_SECRET/);
});

test.each([
  [
    'twilio',
    { TWILIO_ACCOUNT_SID: `AC${'1'.repeat(32)}`, TWILIO_FROM: '+15005550006' },
    /TWILIO_ACCOUNT_SID, TWILIO_FROM given without TWILIO_AUTH_TOKEN/,
  ],
  ['twilio', { TWILIO_ACCOUNT_SID: `AC${'1'.repeat(32)}` }, /given without TWILIO_FROM, TWILIO_AUTH_TOKEN\./],
  ['twilio', { TWILIO_AUTH_TOKEN: new Secret('5ecret') }, /TWILIO_AUTH_TOKEN given without TWILIO_ACCOUNT_SID/],
  [
    'vonage_messages',
    { VONAGE_MESSAGES_FROM: 'Acme', VONAGE_MESSAGES_API_KEY: 'abcd1234' },
    /VONAGE_MESSAGES_FROM given without VONAGE_MESSAGES_API_SECRET/,
  ],
  ['vonage_messages', { VONAGE_MESSAGES_API_SECRET: new Secret('5ecret') }, /given without VONAGE_MESSAGES_FROM/],
  [
    'smtp',
    { SMTP_HOST: '203.0.113.25', SMTP_FROM: 'otp@example.com', SMTP_SECURITY: 'none' },
    /^Configuration: smtp is not usable: security none is for a relay on this machine\.$/,
  ],
] as const)(
  'half of the platform’s account at %s, or one that cannot be used, is refused by name',
  (kind, variables, refusal) => {
    const attempt = () => createPlatformProviders(kind, variables, ofPlatform, sandboxTokenOf);
    expect(attempt).toThrow(refusal);
    expect(attempt).not.toThrow(/5ecret/);
  },
);

test('receipts of the platform’s account are judged by what otp is told of it, and by no more', () => {
  const variables = z.object(signingVariables).parse({ TWILIO_AUTH_TOKEN: 'live5ecret' });
  const [live, twin] = platformSigningAccounts('twilio', variables, sandboxTokenOf);
  expect(live).toMatchObject({ mode: 'live', circuit: 'twilio', credentials: { auth_token: 'live5ecret' } });
  expect(twin).toMatchObject({ mode: 'test', circuit: 'twilio~test' });
  expect(twin?.mode === 'test' && twin.sandboxToken.reveal()).toBe('token-of-platform');
});
