import { createHash, createHmac } from 'node:crypto';
import { Secret } from '@watchword/platform';
import { describe, expect, test } from 'vitest';
import type { IncomingReceipt, ReadCall } from '../receipt.ts';
import { VONAGE_MESSAGES_CODES, VONAGE_MESSAGES_RECEIPT_CODES } from './error-table.ts';
import { createVonageMessagesReceiptReader } from './receipt.ts';

const ATTEMPT = `att_${'0'.repeat(26)}-1-2`;
const LIVE = 'live5ecret';
const SANDBOX = 'sandbox';
const NOW = Date.UTC(2026, 10, 21, 12);
const SECONDS = NOW / 1000;
const account = (mode: 'live' | 'test', secret: string) => ({
  mode,
  circuit: mode === 'live' ? 'vonage_messages' : 'vonage_messages~test',
  signatureSecret: new Secret(secret),
});
const readReceipt = createVonageMessagesReceiptReader([account('live', LIVE), account('test', SANDBOX)], () => NOW);

const fields = {
  message_uuid: 'aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab',
  to: '14155550123',
  from: 'Watchword',
  timestamp: '2026-11-21T12:00:00Z',
  channel: 'sms',
  status: 'delivered',
  client_ref: ATTEMPT,
};

interface Signing {
  readonly secret?: string;
  readonly header?: object;
  readonly claims?: Record<string, unknown>;
}

const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
const sha256 = (body: Buffer) => createHash('sha256').update(body).digest('hex');

/** As Vonage documents its signed webhooks. */
function signed(of: object, { secret = LIVE, header = { alg: 'HS256', typ: 'JWT' }, claims = {} }: Signing = {}) {
  const body = Buffer.from(JSON.stringify(of));
  const all = { iss: 'Vonage', iat: SECONDS, jti: '1', api_key: 'abcd1234', payload_hash: sha256(body), ...claims };
  const text = `${encode(header)}.${encode(all)}`;
  const signature = createHmac('sha256', secret).update(text).digest('base64url');
  return {
    reference: ATTEMPT,
    method: 'POST',
    url: null,
    query: '',
    contentType: 'application/json',
    headers: { authorization: `Bearer ${text}.${signature}` },
    body,
  } satisfies IncomingReceipt;
}

/** The one receipt of a genuine call. */
function one(given: ReadCall | null) {
  if (given?.kind !== 'receipts') return null;
  expect(given.receipts.length).toBe(1);
  return given.receipts[0];
}

const problem = (title: number | string) => ({
  type: `https://developer.vonage.com/api-errors/messages#${title}`,
  title,
  detail: 'The message to 14155550123 was refused.',
});

describe("vonage_messages' receipts", () => {
  test.each([
    ['submitted', 'sent', 'neutral'],
    ['delivered', 'delivered', 'healthy'],
    ['read', 'read', 'healthy'],
    ['rejected', 'undelivered', 'neutral'],
    ['undeliverable', 'undelivered', 'neutral'],
    ['a word of tomorrow', 'accepted', 'neutral'],
    ['toString', 'accepted', 'neutral'],
  ])('reads %s as %s', (status, ours, health) => {
    expect(one(readReceipt(signed({ ...fields, status })))).toEqual({
      of: { attemptId: ATTEMPT },
      mode: 'live',
      circuit: 'vonage_messages',
      status: ours,
      health,
    });
  });

  test('tells the health of WhatsApp to a circuit of its own', () => {
    expect(one(readReceipt(signed({ ...fields, channel: 'whatsapp', status: 'read' })))).toMatchObject({
      circuit: 'vonage_messages.whatsapp',
      status: 'read',
    });
  });

  test.each([
    [1040, 'neutral'],
    [1180, 'neutral'],
    [1220, 'neutral'],
    [1210, 'neutral'],
    [1360, 'neutral'],
    [1470, 'neutral'],
    [1999, 'neutral'],
    [1000, 'unhealthy'],
    [1120, 'unhealthy'],
    [1331, 'unhealthy'],
  ])('rejected with %i is %s for the provider', (code, health) => {
    const expected = { status: 'undelivered', providerCode: String(code), health };
    const rejected = { ...fields, status: 'rejected' };
    for (const error of [problem(code), problem(String(code)), { error: problem(code) }]) {
      expect(one(readReceipt(signed({ ...rejected, error })))).toMatchObject(expected);
    }
  });

  test('judges as an answer does but for what is the handset’s or the carrier’s', () => {
    const different = [...VONAGE_MESSAGES_RECEIPT_CODES].filter(
      ([code, verdict]) => VONAGE_MESSAGES_CODES.get(code) !== verdict,
    );
    expect(different).toEqual([
      ['1210', 'content'],
      ['1180', 'destination'],
      ['1220', 'destination'],
    ]);
  });

  test.each(['+14155550123', { toString: 1, valueOf: 1 }])('takes no error code such as %j', (title) => {
    const error = { type: 'https://developer.vonage.com/api-errors#14155550123', title };
    expect(one(readReceipt(signed({ ...fields, status: 'rejected', error })))).not.toHaveProperty('providerCode');
  });

  test('says which account signed: the live one, or the sandbox for test mode only', () => {
    expect(one(readReceipt(signed(fields)))).toMatchObject({ mode: 'live' });
    expect(one(readReceipt(signed(fields, { secret: SANDBOX })))).toMatchObject({ mode: 'test' });
    const withoutLive = createVonageMessagesReceiptReader([account('test', SANDBOX)], () => NOW);
    expect(withoutLive(signed(fields))).toBeNull();
    expect(withoutLive(signed(fields, { secret: '' }))).toBeNull();
  });

  test('believes a token for five minutes, a minute of clock ahead, and not beyond its own end', () => {
    const of = (claims: Record<string, unknown>) => readReceipt(signed(fields, { claims })) !== null;
    expect([-300, -301, 60, 61].map((offset) => of({ iat: SECONDS + offset }))).toEqual([true, false, true, false]);
    expect([1, 0].map((offset) => of({ exp: SECONDS + offset }))).toEqual([true, false]);
    for (const iat of [undefined, null, `${SECONDS}`, Number.NaN]) expect(of({ iat })).toBe(false);
    expect(of({ exp: 'never' })).toBe(false);
  });

  test('takes the hash of the body in either case', () => {
    const payload_hash = sha256(signed(fields).body).toUpperCase();
    expect(readReceipt(signed(fields, { claims: { payload_hash } }))).not.toBeNull();
  });

  const unsigned = `${encode({ alg: 'none' })}.${encode({ iat: SECONDS, payload_hash: sha256(signed(fields).body) })}.`;

  test.each<[string, IncomingReceipt]>([
    ['another secret', signed(fields, { secret: 'another' })],
    ['no signature', { ...signed(fields), headers: {} }],
    ['Basic auth', { ...signed(fields), headers: { authorization: 'Basic YWJjZDpk' } }],
    ['a token without a signature', { ...signed(fields), headers: { authorization: `Bearer ${unsigned}` } }],
    ['the algorithm none', signed(fields, { header: { alg: 'none' } })],
    ['another algorithm', signed(fields, { header: { alg: 'HS512' } })],
    ['no algorithm', signed(fields, { header: {} })],
    ['another body', { ...signed(fields), body: Buffer.from(JSON.stringify({ ...fields, status: 'read' })) }],
    ['no hash of the body', signed(fields, { claims: { payload_hash: undefined } })],
    ["another's hash", signed(fields, { claims: { payload_hash: '0'.repeat(64) } })],
    ['another attempt’s URL', { ...signed(fields), reference: ATTEMPT.replace('-1-2', '-1-1') }],
    ['no attempt', signed({ ...fields, client_ref: undefined })],
    ['no JSON', { ...signed(fields), headers: { authorization: 'Bearer e30.e30.e30' }, body: Buffer.from('{') }],
  ])('is nobody’s with %s', (_, incoming) => {
    expect(readReceipt(incoming)).toBeNull();
  });
});
