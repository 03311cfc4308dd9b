import { Secret } from '@watchword/platform';
import { describe, expect, test } from 'vitest';
import type { SigningAccount } from '../provider-kind.ts';
import type { IncomingReceipt } from '../receipt.ts';
import { watiSandboxSecretOf } from './config.ts';
import { watiKind } from './wati-kind.ts';

const SECRET = 'webhook-5ecret-0000';
const PROJECTS = `default.prv_${'0'.repeat(26)}`;
const sandboxTokenOf = (account: string) => new Secret(`token-of-${account}`);
const ID = 'd38f0c3a-e833-4725-a894-53a2b1dc1af6';

const live: SigningAccount = {
  mode: 'live',
  settings: {},
  credentials: { webhook_secret: SECRET },
  circuit: 'wati',
  reference: 'platform',
};
const twin: SigningAccount = {
  mode: 'test',
  settings: {},
  sandboxToken: sandboxTokenOf('platform'),
  circuit: 'wati~test',
  reference: 'platform',
};
const projects: SigningAccount = {
  mode: 'test',
  settings: {},
  sandboxToken: sandboxTokenOf('prv_1'),
  circuit: 'prv_1',
  reference: PROJECTS,
};
const read = watiKind.createReceiptReader([live, twin, projects]);

const event = (over: object = {}) => ({
  eventType: 'sentMessageDELIVERED_v2',
  statusString: 'Delivered',
  localMessageId: ID,
  id: '640c8fd48b67615f886237b8',
  whatsappMessageId: 'wamid.HBgLMTQxNTU1NTAxMjM',
  waId: '14155550123',
  ...over,
});
const call = (body: unknown, reference = `platform.${SECRET}`): IncomingReceipt => ({
  reference,
  method: 'POST',
  url: `https://otp.example.com/receipts/wati/${reference}`,
  query: '',
  contentType: 'application/json',
  headers: {},
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
});
const of = { account: 'wati', messageId: ID };

describe('what WATI tells of messages', () => {
  test.each([
    ['templateMessageSent_v2', 'sent', 'neutral'],
    ['templateMessageSent', 'sent', 'neutral'],
    ['templateMessageSent_v2_bsuid', 'sent', 'neutral'],
    ['sentMessageDELIVERED_v2', 'delivered', 'healthy'],
    ['sentMessageDELIVERED', 'delivered', 'healthy'],
    ['sentMessageREAD_v2', 'read', 'healthy'],
    ['sentMessageREPLIED_v2', 'read', 'healthy'],
    ['templateMessageFailed', 'undelivered', 'neutral'],
  ])('%s is %s', (eventType, status, health) => {
    expect(read(call(event({ eventType })))).toEqual({
      kind: 'receipts',
      receipts: [{ of, mode: 'live', circuit: 'wati', status, health }],
    });
  });

  test.each([
    ['131026', 'neutral'],
    ['132015', 'unhealthy'],
    ['131000', 'unhealthy'],
    [131042, 'unhealthy'],
  ])('failed with WhatsApp’s %s is %s for the account', (failedCode, health) => {
    const failed = event({ eventType: 'templateMessageFailed', failedCode, failedDetail: 'To +14155550123' });
    expect(read(call(failed))).toMatchObject({ receipts: [{ providerCode: String(failedCode), health }] });
  });

  test('takes no failure’s text for its code', () => {
    const failed = event({ eventType: 'templateMessageFailed', failedCode: '+14155550123' });
    expect(read(call(failed))).toEqual({
      kind: 'receipts',
      receipts: [{ of, mode: 'live', circuit: 'wati', status: 'undelivered', health: 'neutral' }],
    });
  });

  test('goes by the message’s local id, and by its other one where that is all', () => {
    const { localMessageId: _, ...old } = event();
    expect(read(call(old))).toMatchObject({ receipts: [{ of: { account: 'wati', messageId: old.id } }] });
  });

  test('passes over events of another sort, and such as nobody could join', () => {
    const others = [
      event({ eventType: 'message' }),
      event({ eventType: 'constructor' }),
      event({ eventType: 7 }),
      event({ localMessageId: 'x'.repeat(129) }),
      event({ localMessageId: 'with space' }),
      event({ localMessageId: '' }),
      event({ localMessageId: 7 }),
      null,
      'sent',
    ];
    expect(read(call([...others, event()]))).toMatchObject({ receipts: [{ of }] });
    for (const body of ['', '{', 'null', '[]', '"x"']) {
      expect(read(call(body))).toEqual({ kind: 'receipts', receipts: [] });
    }
  });

  test('says whose they are: each account by its own secret, on its own URL', () => {
    const sandbox = watiSandboxSecretOf(sandboxTokenOf('platform')).reveal();
    expect(read(call(event(), `platform.${sandbox}`))).toMatchObject({ receipts: [{ mode: 'test' }] });
    const token = watiSandboxSecretOf(sandboxTokenOf('prv_1')).reveal();
    expect(token).toMatch(/^[A-Za-z0-9_-]{16,64}$/);
    expect(read(call(event(), `${PROJECTS}.${token}`))).toMatchObject({
      receipts: [{ of: { account: 'prv_1' }, circuit: 'prv_1' }],
    });
    expect(read(call(event(), `platform.${token}`))).toBeNull();
    expect(read(call(event(), `${PROJECTS}.${SECRET}`))).toBeNull();
  });

  test.each([
    ['another secret', 'platform.webhook-5ecret-0001'],
    ['a part of the secret', `platform.${SECRET.slice(0, -1)}`],
    ['more than the secret', `platform.${SECRET}0`],
    ['no secret', 'platform'],
    ['an empty one', 'platform.'],
    ['a secret and no account', SECRET],
    ['an account that is none', `default.prv_${'1'.repeat(26)}.${SECRET}`],
    ['an attempt', `att_${'0'.repeat(26)}-1-1`],
  ])('is nobody’s with %s', (_, reference) => {
    expect(read(call(event(), reference))).toBeNull();
  });

  test('is nobody’s where the account has no secret, or by GET', () => {
    const bare = watiKind.createReceiptReader([{ ...live, credentials: {} }]);
    for (const secret of [SECRET, '', 'undefined']) expect(bare(call(event(), `platform.${secret}`))).toBeNull();
    expect(read({ ...call(event()), method: 'GET' })).toBeNull();
  });
});
