import { createHmac } from 'node:crypto';
import { Secret } from '@watchword/platform';
import { describe, expect, test } from 'vitest';
import type { SigningAccount } from '../provider-kind.ts';
import type { IncomingReceipt } from '../receipt.ts';
import { whatsappCloudKind } from './whatsapp-cloud-kind.ts';

const ATTEMPT = `att_${'0'.repeat(26)}-1-2`;
const OTHER = `att_${'1'.repeat(26)}-2-1`;
const PROJECTS = `default.prv_${'0'.repeat(26)}`;
const sandboxTokenOf = (account: string) => new Secret(`token-of-${account}`);
const SECRET = 'live5ecret';
const VERIFY = 'verify5ecret';

const live: SigningAccount = {
  mode: 'live',
  settings: {},
  credentials: { app_secret: SECRET, verify_token: VERIFY },
  circuit: 'whatsapp_cloud',
  reference: 'platform',
};
const twin: SigningAccount = {
  mode: 'test',
  settings: {},
  sandboxToken: sandboxTokenOf('platform'),
  circuit: 'whatsapp_cloud~test',
  reference: 'platform',
};
const projects: SigningAccount = {
  mode: 'test',
  settings: {},
  sandboxToken: sandboxTokenOf('prv_1'),
  circuit: 'prv_1',
  reference: PROJECTS,
};
const read = whatsappCloudKind.createReceiptReader([live, twin, projects]);

const sign = (body: Buffer, secret: string) => `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;

function call(body: Buffer, change: Partial<IncomingReceipt> & { secret?: string } = {}): IncomingReceipt {
  const { secret = SECRET, ...rest } = change;
  return {
    reference: 'platform',
    method: 'POST',
    url: 'https://otp.example.com/receipts/whatsapp_cloud/platform',
    query: '',
    contentType: 'application/json',
    headers: { 'x-hub-signature-256': sign(body, secret) },
    body,
    ...rest,
  };
}

const status = (over: object = {}) => ({
  id: 'wamid.HBgLMTQxNTU1NTAxMjM',
  status: 'delivered',
  timestamp: '1795000000',
  recipient_id: '14155550123',
  biz_opaque_callback_data: ATTEMPT,
  ...over,
});
const payload = (...statuses: unknown[]) => ({
  object: 'whatsapp_business_account',
  entry: [
    {
      id: '102290129340398',
      changes: [
        {
          field: 'messages',
          value: { messaging_product: 'whatsapp', metadata: { phone_number_id: '106540352242922' }, statuses },
        },
      ],
    },
  ],
});
const told = (...statuses: unknown[]) => call(Buffer.from(JSON.stringify(payload(...statuses))));

describe('what Meta tells of messages', () => {
  test.each([
    ['sent', 'sent', 'neutral'],
    ['delivered', 'delivered', 'healthy'],
    ['read', 'read', 'healthy'],
    ['failed', 'undelivered', 'neutral'],
    ['a word of tomorrow', 'accepted', 'neutral'],
    ['constructor', 'accepted', 'neutral'],
  ])('%s is %s', (word, ours, health) => {
    expect(read(told(status({ status: word })))).toEqual({
      kind: 'receipts',
      receipts: [{ of: { attemptId: ATTEMPT }, mode: 'live', circuit: 'whatsapp_cloud', status: ours, health }],
    });
  });

  test.each([
    [131026, 'neutral'],
    [131049, 'neutral'],
    [132015, 'unhealthy'],
    [131048, 'unhealthy'],
    [131042, 'unhealthy'],
    [999_999, 'neutral'],
  ])('failed with %i is %s for the account', (code, health) => {
    const errors = [{ code, title: 'Message undeliverable', error_data: { details: 'To +14155550123' } }];
    expect(read(told(status({ status: 'failed', errors })))).toMatchObject({
      receipts: [{ status: 'undelivered', providerCode: String(code), health }],
    });
  });

  test('one call tells of many messages, in its order', () => {
    const many = payload(status(), status({ status: 'read', biz_opaque_callback_data: OTHER }));
    many.entry.push(...payload(status({ status: 'sent', biz_opaque_callback_data: OTHER })).entry);
    expect(read(call(Buffer.from(JSON.stringify(many))))).toMatchObject({
      receipts: [
        { of: { attemptId: ATTEMPT }, status: 'delivered' },
        { of: { attemptId: OTHER }, status: 'read' },
        { of: { attemptId: OTHER }, status: 'sent' },
      ],
    });
  });

  test('messages that are not ours, and other news of the account, are passed over', () => {
    const strange = [
      status({ biz_opaque_callback_data: undefined }),
      status({ biz_opaque_callback_data: 'campaign-7' }),
      status({ biz_opaque_callback_data: `${ATTEMPT} ` }),
      status({ biz_opaque_callback_data: { attempt: ATTEMPT } }),
      status({ status: 7 }),
      null,
      'delivered',
    ];
    expect(read(told(...strange, status()))).toMatchObject({ receipts: [{ of: { attemptId: ATTEMPT } }] });
    for (const body of ['{}', '[]', 'null', '7', '{', '', '{"entry":{}}', '{"entry":[{"changes":[{"value":null}]}]}']) {
      expect(read(call(Buffer.from(body)))).toEqual({ kind: 'receipts', receipts: [] });
    }
  });

  test('says whose receipts they are: each account is believed on its own URL only', () => {
    const { body } = told(status());
    expect(read(call(body, { secret: 'token-of-platform' }))).toMatchObject({ receipts: [{ mode: 'test' }] });
    const ofProject = { secret: sandboxTokenOf('prv_1').reveal(), reference: PROJECTS };
    expect(read(call(body, ofProject))).toMatchObject({ receipts: [{ circuit: 'prv_1' }] });
    expect(read(call(body, { ...ofProject, reference: 'platform' }))).toBeNull();
    expect(read(call(body, { reference: PROJECTS }))).toBeNull();
    expect(read(call(body, { reference: ATTEMPT }))).toBeNull();
  });

  test.each<[string, Partial<IncomingReceipt> & { secret?: string }]>([
    ['another secret', { secret: 'another' }],
    ['no signature', { headers: {} }],
    ['an empty signature', { headers: { 'x-hub-signature-256': '' } }],
    [
      'a signature without its scheme',
      { headers: { 'x-hub-signature-256': sign(told(status()).body, SECRET).slice(7) } },
    ],
    ['SHA-1', { headers: { 'x-hub-signature-256': 'sha1=00' } }],
    ['a body that says the same in other bytes', { body: Buffer.from(JSON.stringify(payload(status()), null, 1)) }],
  ])('is nobody’s with %s', (_, change) => {
    const { body } = told(status());
    expect(read({ ...call(body, change), ...(change.body && { headers: call(body).headers }) })).toBeNull();
  });

  test('is nobody’s where the account has no app secret', () => {
    const bare = whatsappCloudKind.createReceiptReader([{ ...live, credentials: { verify_token: VERIFY } }]);
    const { body } = told(status());
    for (const secret of [SECRET, '', VERIFY, 'undefined']) expect(bare(call(body, { secret }))).toBeNull();
  });
});

describe('Meta’s handshake', () => {
  const asked = (query: Record<string, string>, reference = 'platform') =>
    call(Buffer.alloc(0), { method: 'GET', query: new URLSearchParams(query).toString(), reference, headers: {} });
  const right = { 'hub.mode': 'subscribe', 'hub.verify_token': VERIFY, 'hub.challenge': '1158201444' };

  test('hears its challenge again when it knows the verify token', () => {
    expect(read(asked(right))).toEqual({ kind: 'challenge', echo: '1158201444' });
    const ofProject = { ...right, 'hub.verify_token': sandboxTokenOf('prv_1').reveal() };
    expect(read(asked(ofProject, PROJECTS))).toMatchObject({ kind: 'challenge' });
    const bare = whatsappCloudKind.createReceiptReader([{ ...live, credentials: { verify_token: VERIFY } }]);
    expect(bare(asked(right))).toMatchObject({ kind: 'challenge' });
  });

  test.each<[string, Record<string, string>]>([
    ['another token', { ...right, 'hub.verify_token': 'another' }],
    ['an empty token', { ...right, 'hub.verify_token': '' }],
    ['no token', { 'hub.mode': 'subscribe', 'hub.challenge': '1' }],
    ['another mode', { ...right, 'hub.mode': 'unsubscribe' }],
    ['no challenge', { 'hub.mode': 'subscribe', 'hub.verify_token': VERIFY }],
    ['markup to be repeated', { ...right, 'hub.challenge': '<script>' }],
    ['more to be repeated than a challenge has', { ...right, 'hub.challenge': '1'.repeat(257) }],
  ])('hears nothing with %s', (_, query) => {
    expect(read(asked(query))).toBeNull();
  });

  test('hears nothing on the URL of another account, or of one without a verify token', () => {
    expect(read(asked(right, PROJECTS))).toBeNull();
    const bare = whatsappCloudKind.createReceiptReader([{ ...live, credentials: { app_secret: SECRET } }]);
    for (const token of ['', 'undefined', SECRET])
      expect(bare(asked({ ...right, 'hub.verify_token': token }))).toBeNull();
  });
});
