import type { Channel } from '@watchword/contracts';
import { parseEnvironment, Secret } from '@watchword/platform';
import { describe, expect, test } from 'vitest';
import { adaptersOf, createPlatformAccounts } from './accounts/platform-accounts.ts';
import { workerVariables } from './config.ts';

const key = 'A'.repeat(43);
const SID = `AC${'1'.repeat(32)}`;
const SURROUNDINGS = {
  sandboxUrl: 'http://127.0.0.1:1',
  sandboxSmtpUrl: 'smtp://127.0.0.1:1',
  timeoutMs: 1_000,
  receiptsUrl: undefined,
};
function accountsOf(extra: Record<string, string>) {
  const environment = { REDIS_URL: 'redis://127.0.0.1:1', SEAL_KEY: key, ID_KEY: key, ...extra };
  const token = () => new Secret('not-to-be-printed');
  return createPlatformAccounts(parseEnvironment(workerVariables, environment), SURROUNDINGS, token);
}
const namesOf = (accounts: ReturnType<typeof accountsOf>[Channel] = []) =>
  accounts.map(({ adapter }) => `${adapter.name} ${adapter.mode}`);
const providersOf = (extra: Record<string, string>) => namesOf(accountsOf(extra).sms);
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

  test('has the usual providers for each channel, and an account that carries several of them once', () => {
    const accounts = accountsOf(TWILIO);
    const named = Object.fromEntries(Object.entries(accounts).map(([channel, own]) => [channel, namesOf(own)]));
    expect(named).toEqual({
      sms: ['twilio live', 'twilio test', 'vonage test'],
      whatsapp: ['whatsapp_cloud test', 'wati test'],
      email: ['smtp test'],
      voice: ['twilio live', 'twilio test'],
      push: ['fcm test'],
    });
    expect(accounts.voice?.map(({ adapter }) => adapter)).toEqual(
      accounts.sms?.slice(0, 2).map(({ adapter }) => adapter),
    );
    expect(adaptersOf(accounts)).toHaveLength(7);
  });

  test('has no account for a channel that it does not serve', () => {
    expect(Object.keys(accountsOf({ WORKER_CHANNELS: 'voice,email' }))).toEqual(['email', 'voice']);
  });

  test('bounds an account on all its channels by one figure', () => {
    const accounts = accountsOf({ TWILIO_SENDS_PER_SECOND: '10' });
    expect(accounts.sms?.map(({ sendsPerSecond }) => sendsPerSecond)).toEqual([10, undefined]);
    expect(accounts.voice?.map(({ sendsPerSecond }) => sendsPerSecond)).toEqual([10]);
  });

  test.each([
    [{ TWILIO_ACCOUNT_SID: SID, TWILIO_AUTH_TOKEN: 'not-to-be-printed' }, 'TWILIO_FROM'],
    [{ TWILIO_BASE_URL: 'http://127.0.0.1:1' }, 'TWILIO_ACCOUNT_SID'],
    [{ VONAGE_API_SECRET: 'not-to-be-printed', VONAGE_FROM: 'Acme' }, 'VONAGE_API_KEY'],
    [{ ...TWILIO, TWILIO_ACCOUNT_SID: 'SK1' }, 'TWILIO_ACCOUNT_SID'],
    [{ SMS_PROVIDERS: 'twilio,pigeon' }, 'SMS_PROVIDERS'],
    [{ SMS_PROVIDERS: 'twilio,twilio' }, 'SMS_PROVIDERS'],
    [{ EMAIL_PROVIDERS: 'twilio' }, 'EMAIL_PROVIDERS'],
    [{ WORKER_CHANNELS: 'sms,pager' }, 'WORKER_CHANNELS'],
    [{ TWILIO_SENDS_PER_SECOND: '0' }, 'TWILIO_SENDS_PER_SECOND'],
    [{ SANDBOX_SMTP_URL: 'http://127.0.0.1' }, 'SANDBOX_SMTP_URL'],
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
