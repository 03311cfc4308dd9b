import { Secret } from '@watchword/platform';
import { describe, expect, test } from 'vitest';
import { AccountUnusable, type Surroundings } from '../provider-kind.ts';
import { toWatiConfig, watiCredentials, watiSettings } from './config.ts';

const surroundings: Surroundings = {
  sandboxUrl: 'http://127.0.0.1:8025',
  sandboxSmtpUrl: 'smtp://127.0.0.1:8026',
  receiptsUrl: 'https://otp.example.com',
  timeoutMs: 1_000,
  baseUrl: 'https://another-tenant.example.com',
  reference: `default.prv_${'0'.repeat(26)}`,
};
const account = (base_url: string, credentials = {}) => ({
  mode: 'live' as const,
  settings: { base_url },
  credentials: { access_token: 'to-be-kept', ...credentials },
});

describe('a WATI account', () => {
  test('is called at its own URL and at no other, however the platform’s is', () => {
    const config = toWatiConfig(account('https://live-mt-server.wati.io/12345'), surroundings);
    expect(config).toMatchObject({ baseUrl: 'https://live-mt-server.wati.io/12345', isTenantUrl: true });
    expect(config).toMatchObject({ apiVersion: 'v2', template: 'login_otp', parameter: '1' });
  });

  test.each([
    'https://127.0.0.1',
    'https://[::1]:8443/1',
    'https://169.254.169.254/latest',
    'https://gateway',
    'https://2130706433',
  ])('of a project must not lead into our own network: %s', (url) => {
    expect(() => toWatiConfig(account(url), surroundings)).toThrow(AccountUnusable);
  });

  test('of the operator may lead where the operator says', () => {
    expect(toWatiConfig(account('https://127.0.0.1'), { ...surroundings, reference: 'platform' })).toMatchObject({
      isTenantUrl: false,
    });
  });

  test('is the sandbox in test mode, by the name that its receipts come back to', () => {
    const twin = {
      mode: 'test' as const,
      settings: { base_url: 'https://x.example.com' },
      sandboxToken: new Secret('x'),
    };
    expect(toWatiConfig(twin, surroundings)).toMatchObject({
      baseUrl: `http://127.0.0.1:8025/default.prv_${'0'.repeat(26)}`,
      isTenantUrl: false,
      givesReceipts: true,
    });
  });

  test('tells of receipts only where it has a secret to tell them by, and a URL', () => {
    const url = 'https://live-mt-server.wati.io/1';
    const givesReceipts = (credentials: object, over: Partial<Surroundings> = {}) =>
      toWatiConfig(account(url, credentials), { ...surroundings, ...over }).givesReceipts;
    expect(givesReceipts({})).toBe(false);
    expect(givesReceipts({ webhook_secret: 'webhook-5ecret-0000' })).toBe(true);
    expect(givesReceipts({ webhook_secret: 'webhook-5ecret-0000' }, { receiptsUrl: undefined })).toBe(false);
    expect(givesReceipts({}, { reference: 'platform' })).toBe(true);
  });

  test.each([
    'http://live-mt-server.wati.io/1',
    'https://x@example.com',
    'https://example.com/?a',
    'ftp://example.com',
    'x',
  ])('has no URL such as %s', (base_url) => {
    expect(watiSettings.safeParse({ base_url }).success).toBe(false);
  });

  test('takes its token with or without the word before it, and no short secret', () => {
    expect(watiCredentials.parse({ access_token: 'Bearer abc' })).toEqual({ access_token: 'abc' });
    expect(watiCredentials.safeParse({ access_token: 'abc', webhook_secret: 'short' }).success).toBe(false);
  });
});
