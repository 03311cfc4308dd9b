import { randomBytes } from 'node:crypto';
import { Writable } from 'node:stream';
import type { Account, AttemptResult, OutgoingMessage, ProjectProvider, Surroundings } from '@watchword/delivery';
import { createLogger, Secret, singleKeyRing } from '@watchword/platform';
import { createSealer } from '@watchword/verifications';
import { describe, expect, test } from 'vitest';
import { createProjectAccounts } from './project-accounts.ts';

const TOKEN = 'not-to-be-printed';
const sealer = createSealer(singleKeyRing(new Secret(randomBytes(32))));
const PROJECT = 'prj_1';
const message: OutgoingMessage = {
  channel: 'sms',
  to: '+14155550123',
  code: '123456',
  text: 'text',
  subject: '',
  html: '',
  locale: 'en',
  purpose: 'login',
  attemptId: 'att_1',
  validitySeconds: 60,
  signal: AbortSignal.timeout(1_000),
};
const accepted: AttemptResult = { outcome: 'accepted', providerMessageId: 'SM1' };

function provider(id: string, over: Partial<ProjectProvider> = {}, token = TOKEN): ProjectProvider {
  const credentials = sealer.seal(JSON.stringify({ auth_token: token }), id, 'credentials').toString('base64');
  const settings = { account_sid: `AC${'1'.repeat(32)}`, from: '+15005550006' };
  const rest = { kind: 'twilio', mode: 'live', isDraining: false, costMicros: {}, sendsPerSecond: null } as const;
  return { id, name: id, ...rest, settings, credentials, ...over };
}

function stage({ most = 10, hold }: { most?: number; hold?: Promise<void> } = {}) {
  const made: Account[] = [];
  const references: string[] = [];
  const closed: number[] = [];
  let log = '';
  const destination = new Writable({
    write(chunk: Buffer, _, done) {
      log += chunk.toString('utf8');
      done();
    },
  });
  const surroundings: Omit<Surroundings, 'reference'> = {
    sandboxUrl: 'http://x',
    sandboxSmtpUrl: 'smtp://x',
    receiptsUrl: undefined,
    timeoutMs: 1,
    baseUrl: undefined,
  };
  const accounts = createProjectAccounts({
    sealer,
    surroundingsOf: () => surroundings,
    sandboxTokenOf: (account) => new Secret(`token-of-${account}`),
    logger: createLogger({ service: 'test', level: 'info', destination }),
    most,
    createProvider: (_, account, { reference }) => {
      const number = made.push(account);
      references.push(reference);
      return {
        name: 'twilio',
        mode: account.mode,
        givesReceipts: account.mode === 'live',
        send: async () => {
          await hold;
          return accepted;
        },
        close: async () => {
          closed.push(number);
        },
      };
    },
  });
  return { accounts, made, references, closed, log: () => log };
}

describe("the projects' accounts", () => {
  test('are made once, of unsealed credentials, as long as nothing of them changes', async () => {
    const { accounts, made } = stage();
    const one = provider('prv_1');
    await accounts.send(one, PROJECT, message);
    await accounts.send({ ...one, name: 'renamed', isDraining: true, costMicros: { '*': 5 } }, PROJECT, message);
    expect(made).toEqual([{ mode: 'live', settings: one.settings, credentials: { auth_token: TOKEN } }]);
  });

  test('have receipt URLs of their own, by project and provider, and say whether receipts come', async () => {
    const { accounts, references } = stage();
    expect(accounts.expectsReceipt(provider('prv_1'), PROJECT)).toBe(true);
    expect(accounts.expectsReceipt(provider('prv_2', { mode: 'test' }), 'prj_2')).toBe(false);
    expect(accounts.expectsReceipt(provider('prv_3', { credentials: 'AAAA' }), PROJECT)).toBe(false);
    expect(references).toEqual(['prj_1.prv_1', 'prj_2.prv_2']);
  });

  test('are made anew, and the old one closed, when settings or credentials change', async () => {
    const { accounts, made, closed } = stage();
    await accounts.send(provider('prv_1'), PROJECT, message);
    await accounts.send(provider('prv_1', {}, 'rotated'), PROJECT, message);
    await accounts.send(provider('prv_1', { settings: { from: 'Acme' } }, 'rotated'), PROJECT, message);
    expect(made).toHaveLength(3);
    expect(closed).toEqual([1, 2]);
  });

  test('are closed only behind the last call', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { accounts, closed } = stage({ hold: promise });
    const calls = [1, 2].map(() => accounts.send(provider('prv_1'), PROJECT, message));
    const one = provider('prv_2');
    calls.push(accounts.send(one, PROJECT, message), accounts.send(one, PROJECT, message));
    calls.push(accounts.send(provider('prv_2', {}, 'rotated'), PROJECT, message));
    expect(closed).toEqual([]);
    resolve();
    await Promise.all(calls);
    expect(closed).toEqual([1, 3]);
  });

  test('make room for others: the one that was used longest ago goes', async () => {
    const { accounts, made, closed } = stage({ most: 2 });
    const [a, b, c] = [provider('prv_a'), provider('prv_b'), provider('prv_c')];
    for (const one of [a, b, a, c]) await accounts.send(one, PROJECT, message);
    expect(closed).toEqual([2]);
    await accounts.send(a, PROJECT, message);
    expect(made).toHaveLength(3);
    await accounts.close();
    expect(closed.toSorted((left, right) => left - right)).toEqual([1, 2, 3]);
  });

  test('of mode test go to the sandbox under a made-up account, whatever credentials they have', async () => {
    const { accounts, made } = stage();
    await accounts.send(provider('prv_1', { mode: 'test', credentials: '' }), PROJECT, message);
    expect(made).toMatchObject([{ mode: 'test' }]);
    expect(made[0]).not.toHaveProperty('credentials');
  });

  test.each([
    ['of another provider', provider('prv_2').credentials],
    ['of a retired key', createSealer(singleKeyRing(new Secret(randomBytes(32)))).seal('{}', 'prv_1', 'credentials')],
    ['that are none', 'AAAA'],
    ['with no object in them', sealer.seal(`"${TOKEN}"`, 'prv_1', 'credentials')],
  ])('with credentials %s fail as configuration, and are told of once by id', async (_, sealed) => {
    const { accounts, made, log } = stage();
    const credentials = typeof sealed === 'string' ? sealed : sealed.toString('base64');
    for (let time = 0; time < 3; time += 1) {
      expect(await accounts.send(provider('prv_1', { credentials }), PROJECT, message)).toEqual({
        outcome: 'rejected',
        class: 'configuration',
        providerCode: 'credentials_unreadable',
      });
    }
    expect(made).toEqual([]);
    expect(log().match(/"provider":"prv_1"/g)).toHaveLength(1);
    expect(log()).not.toContain(TOKEN);
    expect(log()).not.toContain(credentials);
  });
});
