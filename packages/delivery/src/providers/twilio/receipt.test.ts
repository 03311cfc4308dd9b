import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { Secret } from '@watchword/platform';
import { describe, expect, test } from 'vitest';
import type { IncomingReceipt } from '../receipt.ts';
import { createTwilioReceiptReader } from './receipt.ts';

const require = createRequire(import.meta.url);
const sdk = require('twilio/lib/webhooks/webhooks.js') as typeof import('twilio/lib/webhooks/webhooks.js');

const ATTEMPT = `att_${'0'.repeat(26)}-1-2`;
const LIVE = 'live5ecret';
const SANDBOX = 'sandbox';
const account = (mode: 'live' | 'test', token: string) => ({
  mode,
  circuit: mode === 'live' ? 'twilio' : 'twilio~test',
  authToken: new Secret(token),
});
const signedBy = (signature: string) => ({ 'x-twilio-signature': signature });

describe("twilio's receipts", () => {
  const URL_OF_RECEIPT = `https://otp.example.com/receipts/twilio/${ATTEMPT}`;
  const readReceipt = createTwilioReceiptReader([account('live', LIVE), account('test', SANDBOX)]);
  const fields = { MessageSid: 'SM1', MessageStatus: 'delivered', To: '+14155550123' };

  /** The one receipt of a genuine call. */
  function read(call: IncomingReceipt) {
    const given = readReceipt(call);
    if (given?.kind !== 'receipts') return null;
    expect(given.receipts.length).toBe(1);
    return given.receipts[0];
  }

  /** As Twilio's own library signs it. */
  function signed(form: Record<string, string>, token = LIVE, change: Partial<IncomingReceipt> = {}): IncomingReceipt {
    return {
      reference: ATTEMPT,
      method: 'POST',
      url: URL_OF_RECEIPT,
      query: '',
      contentType: 'application/x-www-form-urlencoded; charset=utf-8',
      headers: signedBy(sdk.getExpectedTwilioSignature(token, URL_OF_RECEIPT, form)),
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
    ['constructor', 'accepted', 'neutral'],
  ])('reads %s as %s', (MessageStatus, status, health) => {
    expect(read(signed({ ...fields, MessageStatus }))).toEqual({
      of: { attemptId: ATTEMPT },
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
    const receipt = read(signed({ ...fields, MessageStatus: 'undelivered', ErrorCode }));
    expect(receipt).toEqual({
      of: { attemptId: ATTEMPT },
      mode: 'live',
      circuit: 'twilio',
      status: 'undelivered',
      providerCode: ErrorCode,
      health,
    });
  });

  test('takes no error code that is not a number', () => {
    const receipt = read(signed({ ...fields, MessageStatus: 'failed', ErrorCode: '+14155550123' }));
    expect(receipt).toEqual({
      of: { attemptId: ATTEMPT },
      mode: 'live',
      circuit: 'twilio',
      status: 'undelivered',
      health: 'neutral',
    });
  });

  test('says which account signed: the live one, or the sandbox for test mode only', () => {
    expect(read(signed(fields))).toMatchObject({ mode: 'live' });
    expect(read(signed(fields, SANDBOX))).toMatchObject({ mode: 'test' });
    const withoutLive = createTwilioReceiptReader([account('test', SANDBOX)]);
    expect(withoutLive(signed(fields))).toBeNull();
    expect(withoutLive(signed(fields, ''))).toBeNull();
  });

  test.each<[string, Partial<IncomingReceipt>]>([
    ['another token', signed(fields, 'another')],
    ['no signature', { headers: {} }],
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
    const headers = signedBy(sdk.getExpectedTwilioSignature(LIVE, URL_OF_RECEIPT, form));
    expect(read({ ...signed(fields), body, headers })).toMatchObject({ status: 'sent' });
  });

  test('reads JSON whose hash is in the signed query, and no other JSON', () => {
    const body = Buffer.from(JSON.stringify({ ...fields, ErrorCode: 30003, MessageStatus: 'undelivered' }));
    const query = `bodySHA256=${createHash('sha256').update(body).digest('hex')}`;
    const url = `${URL_OF_RECEIPT}?${query}`;
    const headers = { 'x-twilio-signature': sdk.getExpectedTwilioSignature(LIVE, url, {}) };
    const call = { ...signed(fields), url, query, body, headers, contentType: 'application/json' };
    expect(read(call)).toMatchObject({ status: 'undelivered', providerCode: '30003' });
    expect(readReceipt({ ...call, body: Buffer.from(body.toString().replace('undelivered', 'delivered')) })).toBeNull();
    const bare = { ...call, url: URL_OF_RECEIPT, query: '' };
    const ofUrl = sdk.getExpectedTwilioSignature(LIVE, URL_OF_RECEIPT, {});
    expect(readReceipt({ ...bare, headers: signedBy(ofUrl) })).toBeNull();
  });

  test('checks the signature against the URL with its port as well', () => {
    const url = `https://otp.example.com:443/receipts/twilio/${ATTEMPT}`;
    const headers = signedBy(sdk.getExpectedTwilioSignature(LIVE, url, fields));
    expect(read(signed(fields, LIVE, { headers }))).toMatchObject({ status: 'delivered' });
  });

  describe('of a call', () => {
    const call = { CallSid: 'CA1', CallStatus: 'completed', To: '+14155550123', CallDuration: '14' };

    test.each([
      ['queued', 'accepted', 'neutral'],
      ['initiated', 'accepted', 'neutral'],
      ['ringing', 'sent', 'neutral'],
      ['in-progress', 'sent', 'neutral'],
      ['completed', 'delivered', 'healthy'],
      ['busy', 'undelivered', 'neutral'],
      ['no-answer', 'undelivered', 'neutral'],
      ['failed', 'undelivered', 'neutral'],
      ['canceled', 'undelivered', 'neutral'],
      ['a word of tomorrow', 'accepted', 'neutral'],
      ['constructor', 'accepted', 'neutral'],
    ])('read %s as %s, and tell the health of its own circuit', (CallStatus, status, health) => {
      expect(read(signed({ ...call, CallStatus }))).toEqual({
        of: { attemptId: ATTEMPT },
        mode: 'live',
        circuit: 'twilio.voice',
        status,
        health,
      });
    });

    test('take the carrier’s SIP answer for the code of one that failed, unless Twilio has a code of its own', () => {
      const failed = { ...call, CallStatus: 'failed', SipResponseCode: '404' };
      expect(read(signed(failed))).toMatchObject({ providerCode: '404', health: 'neutral' });
      expect(read(signed({ ...failed, ErrorCode: '13227' }))).toMatchObject({
        providerCode: '13227',
        health: 'unhealthy',
      });
      expect(read(signed({ ...call, SipResponseCode: '200' }))).not.toHaveProperty('providerCode');
    });
  });
});
