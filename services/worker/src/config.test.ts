import { parseEnvironment } from '@watchword/platform';
import { describe, expect, test } from 'vitest';
import { createProviders } from './compose.ts';
import { workerVariables } from './config.ts';

const key = 'A'.repeat(43);
const SID = `AC${'1'.repeat(32)}`;
const providersOf = (extra: Record<string, string>) => {
  const environment = { REDIS_URL: 'redis://127.0.0.1:1', SEAL_KEY: key, ID_KEY: key, ...extra };
  return createProviders(parseEnvironment(workerVariables, environment)).map(({ name, mode }) => `${name} ${mode}`);
};
const TWILIO = { TWILIO_ACCOUNT_SID: SID, TWILIO_AUTH_TOKEN: 'not-to-be-printed', TWILIO_FROM: '+15005550006' };

describe("the worker's configuration", () => {
  test('speaks to the sandbox when nothing is given, twilio first', () => {
    expect(providersOf({})).toEqual(['twilio test', 'vonage test']);
  });

  test('keeps the order that SMS_PROVIDERS gives', () => {
    expect(providersOf({ SMS_PROVIDERS: 'vonage,twilio' })).toEqual(['vonage test', 'twilio test']);
    expect(providersOf({ SMS_PROVIDERS: 'vonage' })).toEqual(['vonage test']);
  });

  test('is live for a provider with credentials, which keeps its twin at the sandbox for test keys', () => {
    expect(providersOf(TWILIO)).toEqual(['twilio live', 'twilio test', 'vonage test']);
  });

  test.each([
    [{ TWILIO_ACCOUNT_SID: SID, TWILIO_AUTH_TOKEN: 'not-to-be-printed' }, 'TWILIO_FROM'],
    [{ TWILIO_BASE_URL: 'http://127.0.0.1:1' }, 'TWILIO_ACCOUNT_SID'],
    [{ VONAGE_API_SECRET: 'not-to-be-printed', VONAGE_FROM: 'Acme' }, 'VONAGE_API_KEY'],
    [{ ...TWILIO, TWILIO_ACCOUNT_SID: 'SK1' }, 'TWILIO_ACCOUNT_SID'],
    [{ SMS_PROVIDERS: 'twilio,pigeon' }, 'SMS_PROVIDERS'],
    [{ SMS_PROVIDERS: 'twilio,twilio' }, 'SMS_PROVIDERS'],
    [{ DEBUG: 'vonage:*' }, 'DEBUG'],
    [{ DEBUG: '*' }, 'DEBUG'],
    [{ DEBUG: 'bull,ioredis*' }, 'DEBUG'],
    [{ SANDBOX_URL: 'sandbox' }, 'SANDBOX_URL'],
  ])('refuses %o by name and without its value', (extra, name) => {
    const attempt = () => providersOf(extra);
    expect(attempt).toThrow(name);
    expect(attempt).not.toThrow('not-to-be-printed');
  });
});
