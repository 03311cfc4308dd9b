import { Secret } from '@watchword/platform';
import { describe, expect, test } from 'vitest';
import { AccountUnusable, type Surroundings } from '../provider-kind.ts';
import { lackingOfSmtp, smtpCredentials, smtpSettings, toSmtpConfig } from './config.ts';

const surroundings: Surroundings = {
  sandboxUrl: 'http://127.0.0.1:8025',
  sandboxSmtpUrl: 'smtp://127.0.0.1:8026',
  receiptsUrl: undefined,
  timeoutMs: 1_000,
  baseUrl: undefined,
  reference: 'platform',
};
const PROJECTS = { ...surroundings, reference: `default.prv_${'0'.repeat(26)}` };
const relay = { host: 'mail.acme.example', from: 'otp@acme.example' };
const account = (settings: object, credentials: object = {}) => ({
  mode: 'live' as const,
  settings: smtpSettings.parse({ ...relay, ...settings }),
  credentials: smtpCredentials.parse(credentials),
});

describe('an SMTP account', () => {
  test('encrypts by STARTTLS unless told otherwise, each on its usual port', () => {
    expect(toSmtpConfig(account({}), surroundings)).toMatchObject({ security: 'starttls', port: 587 });
    expect(toSmtpConfig(account({ security: 'tls' }), surroundings)).toMatchObject({ port: 465 });
    expect(toSmtpConfig(account({ security: 'none', host: '127.0.0.1' }), surroundings)).toMatchObject({ port: 25 });
    expect(toSmtpConfig(account({ port: '2525' }), surroundings)).toMatchObject({ port: 2_525 });
  });

  test('of a project must be on the public internet', () => {
    for (const host of ['localhost', '127.0.0.1', '10.0.0.7', '169.254.169.254', 'redis']) {
      expect(() => toSmtpConfig(account({ host }), PROJECTS), host).toThrow(AccountUnusable);
      expect(() => toSmtpConfig(account({ host }), PROJECTS), host).toThrow(/host must be on the internet/);
    }
    expect(toSmtpConfig(account({}), PROJECTS)).toMatchObject({ isPublicOnly: true });
    expect(toSmtpConfig(account({ host: '10.0.0.7' }), surroundings)).toMatchObject({ isPublicOnly: false });
  });

  test('without encryption is for this machine only', () => {
    expect(() => toSmtpConfig(account({ security: 'none' }), surroundings)).toThrow(/security none/);
  });

  test('believes no certificate but the sandbox’s without a voucher', () => {
    expect(toSmtpConfig(account({}), surroundings)).toMatchObject({ trustsAnyCertificate: false });
    const twin = { mode: 'test', settings: {}, sandboxToken: new Secret('x') } as const;
    expect(toSmtpConfig(twin, PROJECTS)).toMatchObject({
      trustsAnyCertificate: true,
      host: '127.0.0.1',
      port: 8_026,
    });
  });

  test('signs in with user and password together, or not at all', () => {
    expect(lackingOfSmtp({ user: 'acme' }, {})).toEqual(['password']);
    expect(lackingOfSmtp({}, { password: 'c0ffee' })).toEqual(['user']);
    expect(lackingOfSmtp({}, {})).toEqual([]);
    expect(lackingOfSmtp({ user: 'acme' }, { password: 'c0ffee' })).toEqual([]);
    expect(toSmtpConfig(account({}), surroundings).login).toBeUndefined();
  });

  test.each(['otp', 'a@b.c\r\nBcc: d@e.f', 'A, B <a@b.example>', 'a@b.example, c@d.example', '<a@b.example> x'])(
    'has no sender such as %j',
    (from) => {
      expect(smtpSettings.safeParse({ ...relay, from }).success).toBe(false);
    },
  );

  test.each([{ port: '0' }, { port: '65536' }, { port: '25x' }, { security: 'ssl' }, { host: 'a b' }, { host: 'a/b' }])(
    'has no settings such as %o',
    (settings) => {
      expect(smtpSettings.safeParse({ ...relay, ...settings }).success).toBe(false);
    },
  );
});
