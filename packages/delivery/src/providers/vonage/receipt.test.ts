import { createHash, createHmac } from 'node:crypto';
import { Secret } from '@watchword/platform';
import { describe, expect, test } from 'vitest';
import type { IncomingReceipt, ReadCall } from '../receipt.ts';
import type { VonageSignatureMethod } from './config.ts';
import { VONAGE_DLR_CODES } from './error-table.ts';
import { createVonageReceiptReader } from './receipt.ts';

const ATTEMPT = `att_${'0'.repeat(26)}-1-2`;
const LIVE = 'live5ecret';
const SANDBOX = 'sandbox';
const account = (mode: 'live' | 'test', secret: string, signatureMethod: VonageSignatureMethod = 'md5hash') => ({
  mode,
  circuit: mode === 'live' ? 'vonage' : 'vonage~test',
  signatureSecret: new Secret(secret),
  signatureMethod,
});

/** The one receipt of a genuine call. */
function one(given: ReadCall | null) {
  if (given?.kind !== 'receipts') return null;
  expect(given.receipts.length).toBe(1);
  return given.receipts[0];
}

describe("vonage's receipts", () => {
  const METHODS = ['md5hash', 'md5', 'sha1', 'sha256', 'sha512'] as const;
  const fields: Record<string, string> = {
    msisdn: '14155550123',
    to: 'Watch&word=1',
    messageId: '0A0000000123ABCD1',
    'err-code': '0',
    status: 'delivered',
    'client-ref': ATTEMPT,
    timestamp: '1795000000',
  };
  /** The string of Vonage's documentation for the fields above, written out. */
  const SIGNED = [
    `&client-ref=${ATTEMPT}&err-code=0&messageId=0A0000000123ABCD1&msisdn=14155550123`,
    '&status=delivered&timestamp=1795000000&to=Watch_word_1',
  ].join('');

  const sign = (text: string, secret: string, method: VonageSignatureMethod) =>
    method === 'md5hash'
      ? createHash('md5')
          .update(text + secret)
          .digest('hex')
      : createHmac(method, secret).update(text).digest('hex');

  const readerBy = (signatureMethod: VonageSignatureMethod) =>
    createVonageReceiptReader([account('live', LIVE, signatureMethod), account('test', SANDBOX)]);

  const call = (change: Partial<IncomingReceipt>): IncomingReceipt => ({
    reference: ATTEMPT,
    method: 'POST',
    url: null,
    query: '',
    contentType: 'application/json',
    headers: {},
    body: Buffer.alloc(0),
    ...change,
  });
  const asJson = (of: object) => call({ body: Buffer.from(JSON.stringify(of)) });
  const signedFields = (change: Record<string, string> = {}, secret = LIVE) => {
    const all = { ...fields, ...change };
    const text = Object.keys(all)
      .toSorted()
      .map((name) => `&${name}=${all[name]?.replace(/[&=]/g, '_')}`)
      .join('');
    return { ...all, sig: sign(text, secret, 'md5hash') };
  };

  test.each(METHODS)('believes a signature by %s, in either case, and by no other method', (method) => {
    const sig = sign(SIGNED, LIVE, method);
    for (const given of [sig, sig.toUpperCase()]) {
      expect(one(readerBy(method)(asJson({ ...fields, sig: given })))).toEqual({
        of: { attemptId: ATTEMPT },
        mode: 'live',
        circuit: 'vonage',
        status: 'delivered',
        health: 'healthy',
      });
    }
    const believing = METHODS.filter((other) => readerBy(other)(asJson({ ...fields, sig })) !== null);
    expect(believing).toEqual([method]);
  });

  const readReceipt = readerBy('md5hash');

  test('reads GET, a form and JSON alike', () => {
    const text = new URLSearchParams(signedFields()).toString();
    const form = call({ contentType: 'application/x-www-form-urlencoded', body: Buffer.from(text) });
    for (const incoming of [call({ method: 'GET', query: text, contentType: '' }), form, asJson(signedFields())]) {
      expect(one(readReceipt(incoming))).toMatchObject({ status: 'delivered' });
    }
    expect(one(readReceipt(asJson({ ...signedFields(), timestamp: 1_795_000_000 })))).toMatchObject({
      status: 'delivered',
    });
  });

  test.each([
    ['delivered', 'delivered'],
    ['accepted', 'sent'],
    ['buffered', 'sent'],
    ['unknown', 'accepted'],
    ['expired', 'undelivered'],
    ['failed', 'undelivered'],
    ['rejected', 'undelivered'],
    ['a word of tomorrow', 'accepted'],
    ['constructor', 'accepted'],
  ])('reads %s as %s', (status, ours) => {
    expect(one(readReceipt(asJson(signedFields({ status }))))).toMatchObject({ status: ours });
  });

  test.each([
    ...[2, 3, 4, 5, 6, 7, 9, 10, 12, 13, 14, 1, 99].map((code) => [code, 'neutral'] as const),
    ...[8, 11].map((code) => [code, 'unhealthy'] as const),
  ])('failed with err-code %i is %s for the provider', (code, health) => {
    const receipt = one(readReceipt(asJson(signedFields({ status: 'failed', 'err-code': String(code) }))));
    expect(receipt).toEqual({
      of: { attemptId: ATTEMPT },
      mode: 'live',
      circuit: 'vonage',
      status: 'undelivered',
      providerCode: String(code),
      health,
    });
  });

  test('has each code of Vonage’s guide in its table, and no other', () => {
    expect(Object.groupBy(VONAGE_DLR_CODES, ([, verdict]) => verdict)).toEqual({
      destination: ['2', '3', '4', '5', '7', '9', '12', '13', '14'].map((code) => [code, 'destination']),
      content: ['6', '10'].map((code) => [code, 'content']),
      configuration: [['11', 'configuration']],
      transient: [['8', 'transient']],
    });
  });

  test('says which account signed: the live one, or the sandbox for test mode only', () => {
    expect(one(readReceipt(asJson(signedFields())))).toMatchObject({ mode: 'live' });
    expect(one(readReceipt(asJson(signedFields({}, SANDBOX))))).toMatchObject({ mode: 'test' });
    const withoutLive = createVonageReceiptReader([account('test', SANDBOX)]);
    expect(withoutLive(asJson(signedFields()))).toBeNull();
    expect(withoutLive(asJson(signedFields({}, '')))).toBeNull();
  });

  test('counts for no attempt but its own: the signature does not cover the URL', () => {
    const other = ATTEMPT.replace('-1-2', '-1-1');
    expect(readReceipt({ ...asJson(signedFields()), reference: other })).toBeNull();
    const { 'client-ref': _, ...without } = fields;
    const text = SIGNED.replace(`&client-ref=${ATTEMPT}`, '');
    expect(readReceipt(asJson({ ...without, sig: sign(text, LIVE, 'md5hash') }))).toBeNull();
  });

  test.each<[string, IncomingReceipt]>([
    ['another secret', asJson(signedFields({}, 'another'))],
    ['no signature', asJson(fields)],
    ['a changed field', asJson({ ...signedFields(), status: 'failed' })],
    ['a field more', asJson({ ...signedFields(), extra: '1' })],
    ['an empty call', call({ contentType: '' })],
    ['JSON that is none', call({ body: Buffer.from('{"sig":') })],
    ['JSON without fields', call({ body: Buffer.from('null') })],
    ['a field that is no text', asJson({ ...signedFields(), to: { toString: 1, valueOf: 1 } })],
    ['bytes that are no text', call({ body: Buffer.of(0xff, 0xfe) })],
  ])('is nobody’s with %s', (_, incoming) => {
    expect(readReceipt(incoming)).toBeNull();
  });
});
