import { PROVIDER_KINDS } from '@watchword/contracts';
import { Secret } from '@watchword/platform';
import { describe, expect, test } from 'vitest';
import { type Account, AccountUnusable, createPlatformProviders, kindOf } from '../index.ts';

const surroundings = { sandboxUrl: 'http://127.0.0.1:1', receiptsUrl: undefined, timeoutMs: 100, baseUrl: undefined };

describe.each(PROVIDER_KINDS)('%s as a kind of provider', (kind) => {
  const { createProvider } = kindOf(kind);

  test('needs nothing at the sandbox, and takes whatever it is given there', () => {
    for (const settings of [{}, { from: 'Acme' }, { from: '!', unknown: 'x' }]) {
      const provider = createProvider({ mode: 'test', settings, sandboxToken: new Secret('x') }, surroundings);
      expect(provider).toMatchObject({ name: kind, mode: 'test' });
    }
  });

  test('refuses a live account that lacks something, by name and without a value', () => {
    const account: Account = { mode: 'live', settings: { from: '5ecret!' }, credentials: { extra: '5ecret!' } };
    const attempt = () => createProvider(account, surroundings);
    expect(attempt).toThrow(AccountUnusable);
    expect(attempt).toThrow(/from/);
    expect(attempt).not.toThrow(/5ecret/);
  });

  test('believes no receipt of an account that cannot be used', () => {
    const account = { mode: 'live', settings: {}, credentials: {}, circuit: 'prv_1' } as const;
    const read = kindOf(kind).createReceiptReader([account]);
    const call = { attemptId: 'att', method: 'POST', url: 'https://x', query: '', contentType: '' } as const;
    expect(read({ ...call, twilioSignature: '', body: Buffer.from('sig=') })).toBeNull();
  });
});

test('the platform’s account comes of the environment, with its twin at the sandbox beside it', () => {
  const given = {
    VONAGE_API_KEY: 'abcd1234',
    VONAGE_API_SECRET: new Secret('not-to-be-printed'),
    VONAGE_FROM: 'Acme',
  };
  const modes = (variables: object) =>
    createPlatformProviders('vonage', variables as typeof given, surroundings).map(({ mode }) => mode);
  expect(modes({})).toEqual(['test']);
  expect(modes(given)).toEqual(['live', 'test']);
  expect(() => modes({ VONAGE_FROM: 'Acme' })).toThrow(/VONAGE_FROM given without VONAGE_API_KEY, VONAGE_API_SECRET/);
});
