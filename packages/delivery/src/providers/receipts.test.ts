import { createHash, createHmac } from 'node:crypto';
import { createRequire } from 'node:module';
import { Secret } from '@watchword/platform';
import { describe, expect, test } from 'vitest';
import {
  createTwilioReceiptReader,
  createVonageReceiptReader,
  type IncomingReceipt,
  reachableReceiptsUrl,
  twilioReceiptAccounts,
  type VonageSignatureMethod,
  vonageReceiptAccounts,
} from '../index.ts';

const require = createRequire(import.meta.url);
const sdk = require('twilio/lib/webhooks/webhooks.js') as typeof import('twilio/lib/webhooks/webhooks.js');

const ATTEMPT = `att_${'0'.repeat(26)}-1-2`;
const LIVE = 'live5ecret';
const SANDBOX = 'sandbox';

describe("twilio's receipts", () => {
  const URL_OF_RECEIPT = `https://otp.example.com/receipts/twilio/${ATTEMPT}`;
  const readReceipt = createTwilioReceiptReader(twilioReceiptAccounts({ TWILIO_AUTH_TOKEN: new Secret(LIVE) }));
  const fields = { MessageSid: 'SM1', MessageStatus: 'delivered', To: '+14155550123' };

  /** As Twilio's own library signs it. */
  function signed(form: Record<string, string>, token = LIVE, change: Partial<IncomingReceipt> = {}): IncomingReceipt {
    return {
      attemptId: ATTEMPT,
      method: 'POST',
      url: URL_OF_RECEIPT,
      query: '',
      contentType: 'application/x-www-form-urlencoded; charset=utf-8',
      twilioSignature: sdk.getExpectedTwilioSignature(token, URL_OF_RECEIPT, form),
      body: Buffer.from(new URLSearchParams(form).toString()),
      ...change,
    };
  }

  test.each([
    ['queued', 'accepted', 'neutral'],
    ['accepted', 'accepted', 'neutral'],
    ['scheduled', 'accepted', 'neutral'],
    ['sending', 'accepted', 'neutral'],
    ['sent', 'sent', 'neutral'],
    ['delivered', 'delivered', 'healthy'],
    ['read', 'read', 'healthy'],
    ['undelivered', 'undelivered', 'neutral'],
    ['failed', 'undelivered', 'neutral'],
    ['canceled', 'undelivered', 'neutral'],
    ['a word of tomorrow', 'accepted', 'neutral'],
  ])('reads %s as %s', (MessageStatus, status, health) => {
    expect(readReceipt(signed({ ...fields, MessageStatus }))).toEqual({
      mode: 'live',
      circuit: 'twilio',
      status,
      health,
    });
  });

  test.each([
    ['30003', 'neutral'],
    ['30450', 'neutral'],
    ['30007', 'unhealthy'],
    ['30001', 'unhealthy'],
    ['39999', 'neutral'],
  ])('undelivered with %s is %s for the provider', (ErrorCode, health) => {
    const receipt = readReceipt(signed({ ...fields, MessageStatus: 'undelivered', ErrorCode }));
    expect(receipt).toEqual({
      mode: 'live',
      circuit: 'twilio',
      status: 'undelivered',
      providerCode: ErrorCode,
      health,
    });
  });

  test('takes no error code that is not a number', () => {
    const receipt = readReceipt(signed({ ...fields, MessageStatus: 'failed', ErrorCode: '+14155550123' }));
    expect(receipt).toEqual({ mode: 'live', circuit: 'twilio', status: 'undelivered', health: 'neutral' });
  });

  test('says which account signed: the live one, or the sandbox for test mode only', () => {
    expect(readReceipt(signed(fields))).toMatchObject({ mode: 'live' });
    expect(readReceipt(signed(fields, SANDBOX))).toMatchObject({ mode: 'test' });
    const withoutLive = createTwilioReceiptReader(twilioReceiptAccounts({}));
    expect(withoutLive(signed(fields))).toBeNull();
    expect(withoutLive(signed(fields, ''))).toBeNull();
  });

  test.each<[string, Partial<IncomingReceipt>]>([
    ['another token', signed(fields, 'another')],
    ['no signature', { twilioSignature: '' }],
    ['a changed field', { body: Buffer.from(new URLSearchParams({ ...fields, MessageStatus: 'read' }).toString()) }],
    ['a field more', { body: Buffer.from(new URLSearchParams({ ...fields, ErrorCode: '1' }).toString()) }],
    ["another attempt's URL", { url: URL_OF_RECEIPT.replace('-1-2', '-1-1') }],
    ['no public URL to check against', { url: null }],
    ['no body', { body: Buffer.alloc(0) }],
    ['bytes that are no text', { body: Buffer.of(0xff, 0xfe, 0x00) }],
    ['a prototype as a field', { body: Buffer.from('__proto__=x&MessageStatus=delivered') }],
  ])('is nobody’s with %s', (_, change) => {
    expect(readReceipt({ ...signed(fields), ...change })).toBeNull();
  });

  test('reads repeated and strange fields as the library signs them', () => {
    const body = Buffer.from('MessageStatus=sent&B=2&B=1&B=2&Text=a+%26+b%3D%C3%BC');
    const form = { MessageStatus: 'sent', B: ['2', '1', '2'], Text: 'a & b=ü' };
    const twilioSignature = sdk.getExpectedTwilioSignature(LIVE, URL_OF_RECEIPT, form);
    expect(readReceipt({ ...signed(fields), body, twilioSignature })).toMatchObject({ status: 'sent' });
  });

  test('reads JSON whose hash is in the signed query, and no other JSON', () => {
    const body = Buffer.from(JSON.stringify({ ...fields, ErrorCode: 30003, MessageStatus: 'undelivered' }));
    const query = `bodySHA256=${createHash('sha256').update(body).digest('hex')}`;
    const url = `${URL_OF_RECEIPT}?${query}`;
    const twilioSignature = sdk.getExpectedTwilioSignature(LIVE, url, {});
    const call = { ...signed(fields), url, query, body, twilioSignature, contentType: 'application/json' };
    expect(readReceipt(call)).toMatchObject({ status: 'undelivered', providerCode: '30003' });
    expect(readReceipt({ ...call, body: Buffer.from(body.toString().replace('undelivered', 'delivered')) })).toBeNull();
    const bare = { ...call, url: URL_OF_RECEIPT, query: '' };
    const ofUrl = sdk.getExpectedTwilioSignature(LIVE, URL_OF_RECEIPT, {});
    expect(readReceipt({ ...bare, twilioSignature: ofUrl })).toBeNull();
  });

  test('checks the signature against the URL with its port as well', () => {
    const url = `https://otp.example.com:443/receipts/twilio/${ATTEMPT}`;
    const twilioSignature = sdk.getExpectedTwilioSignature(LIVE, url, fields);
    expect(readReceipt(signed(fields, LIVE, { twilioSignature }))).toMatchObject({ status: 'delivered' });
  });
});

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

  const readerOf = (VONAGE_SIGNATURE_METHOD: VonageSignatureMethod) =>
    createVonageReceiptReader(
      vonageReceiptAccounts({ VONAGE_SIGNATURE_SECRET: new Secret(LIVE), VONAGE_SIGNATURE_METHOD }),
    );

  const call = (change: Partial<IncomingReceipt>): IncomingReceipt => ({
    attemptId: ATTEMPT,
    method: 'POST',
    url: null,
    query: '',
    contentType: 'application/json',
    twilioSignature: '',
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
      expect(readerOf(method)(asJson({ ...fields, sig: given }))).toEqual({
        mode: 'live',
        circuit: 'vonage',
        status: 'delivered',
        health: 'healthy',
      });
    }
    const believing = METHODS.filter((other) => readerOf(other)(asJson({ ...fields, sig })) !== null);
    expect(believing).toEqual([method]);
  });

  const readReceipt = readerOf('md5hash');

  test('reads GET, a form and JSON alike', () => {
    const text = new URLSearchParams(signedFields()).toString();
    const form = call({ contentType: 'application/x-www-form-urlencoded', body: Buffer.from(text) });
    for (const one of [call({ method: 'GET', query: text, contentType: '' }), form, asJson(signedFields())]) {
      expect(readReceipt(one)).toMatchObject({ status: 'delivered' });
    }
    expect(readReceipt(asJson({ ...signedFields(), timestamp: 1_795_000_000 }))).toMatchObject({ status: 'delivered' });
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
  ])('reads %s as %s', (status, ours) => {
    expect(readReceipt(asJson(signedFields({ status })))).toMatchObject({ status: ours });
  });

  test.each([
    ...[2, 3, 4, 5, 6, 7, 9, 10, 12, 13, 14, 1, 99].map((code) => [code, 'neutral'] as const),
    ...[8, 11].map((code) => [code, 'unhealthy'] as const),
  ])('failed with err-code %i is %s for the provider', (code, health) => {
    const receipt = readReceipt(asJson(signedFields({ status: 'failed', 'err-code': String(code) })));
    expect(receipt).toEqual({
      mode: 'live',
      circuit: 'vonage',
      status: 'undelivered',
      providerCode: String(code),
      health,
    });
  });

  test('says which account signed: the live one, or the sandbox for test mode only', () => {
    expect(readReceipt(asJson(signedFields()))).toMatchObject({ mode: 'live' });
    expect(readReceipt(asJson(signedFields({}, SANDBOX)))).toMatchObject({ mode: 'test' });
    const withoutLive = createVonageReceiptReader(vonageReceiptAccounts({ VONAGE_SIGNATURE_METHOD: 'md5hash' }));
    expect(withoutLive(asJson(signedFields()))).toBeNull();
    expect(withoutLive(asJson(signedFields({}, '')))).toBeNull();
  });

  test('counts for no attempt but its own: the signature does not cover the URL', () => {
    const other = ATTEMPT.replace('-1-2', '-1-1');
    expect(readReceipt({ ...asJson(signedFields()), attemptId: other })).toBeNull();
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
    ['bytes that are no text', call({ body: Buffer.of(0xff, 0xfe) })],
  ])('is nobody’s with %s', (_, incoming) => {
    expect(readReceipt(incoming)).toBeNull();
  });
});

test('no provider out there is asked to call this machine’s loopback, the sandbox on it is', () => {
  const there = 'https://api.twilio.com';
  const here = 'http://127.0.0.1:8025';
  expect(reachableReceiptsUrl('https://otp.example.com', there)).toBe('https://otp.example.com');
  for (const loopback of [
    'http://127.0.0.1:8080',
    'http://localhost:8080',
    'http://[::1]:8080',
    'http://gateway:8080',
  ]) {
    expect(reachableReceiptsUrl(loopback, there)).toBeUndefined();
    expect(reachableReceiptsUrl(loopback, here)).toBe(loopback);
  }
  expect(reachableReceiptsUrl(undefined, here)).toBeUndefined();
});
