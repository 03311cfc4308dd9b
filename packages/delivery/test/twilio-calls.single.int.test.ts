import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Account, AccountUnusable, kindOf, type OutgoingMessage, type ProviderAdapter } from '../src/index.ts';
import type { TwilioConfig } from '../src/providers/twilio/config.ts';
import { createTwilioProvider } from '../src/providers/twilio/twilio-provider.ts';
import { CODE, CREDENTIAL, message, TEXT, TO } from './provider-contract.ts';
import { ACCOUNT, accepted, call, config, FROM } from './twilio-account.ts';
import { json, startWire, type Wire } from './wire.ts';

describe("twilio's calls", () => {
  let wire: Wire;
  let provider: ProviderAdapter;
  beforeAll(async () => {
    wire = await startWire();
    wire.answer(json(201, call));
    provider = createTwilioProvider(config(wire.url));
  });
  afterAll(async () => {
    await provider.close();
    await wire.close();
  });
  const voice = (over: Partial<OutgoingMessage> = {}) => message({ channel: 'voice', ...over });
  const lastForm = () => new URLSearchParams(wire.received.at(-1)?.body);
  const sendWith = async (change: Partial<TwilioConfig>, over: Partial<OutgoingMessage> = {}) => {
    const other = createTwilioProvider({ ...config(wire.url), ...change });
    const result = await other.send(voice(over));
    await other.close();
    return result;
  };

  test('speak the text twice, the code letter by letter, in the voice of its language', async () => {
    expect(await provider.send(voice())).toEqual({ outcome: 'accepted', providerMessageId: call.sid });
    expect(wire.received.at(-1)).toMatchObject({
      method: 'POST',
      path: `/2010-04-01/Accounts/${ACCOUNT}/Calls.json`,
      headers: { authorization: `Basic ${Buffer.from(`${ACCOUNT}:${CREDENTIAL}`).toString('base64')}` },
    });
    const say = `<Say language="en-US">${TEXT.replace(CODE, 'K, 7, Q, 9, Z, X, 4, M, 2, P')}</Say>`;
    expect(Object.fromEntries(lastForm())).toEqual({
      From: FROM,
      To: TO,
      Timeout: '60',
      Twiml: `<?xml version="1.0" encoding="UTF-8"?><Response>${say}<Pause length="1"/>${say}</Response>`,
    });
  });

  test('ask for a receipt of each event, at the attempt’s own URL', async () => {
    await sendWith({ receiptsUrl: 'https://otp.example.com/hooks' });
    expect(lastForm().getAll('StatusCallbackEvent')).toEqual(['initiated', 'ringing', 'answered', 'completed']);
    expect(lastForm().get('StatusCallback')).toBe(
      'https://otp.example.com/hooks/receipts/twilio/att_0123456789abcdefghjkmnpq',
    );
  });

  test.each([
    [{}, 240, '60'],
    [{}, 30.5, '30'],
    [{}, 1, '5'],
    [{ ringSeconds: 20 }, 240, '20'],
    [{ ringSeconds: 600 }, 900, '600'],
  ])('ring as long as %o says for a code of %d s: %s s', async (change, validitySeconds, timeout) => {
    await sendWith(change, { validitySeconds });
    expect(lastForm().get('Timeout')).toBe(timeout);
  });

  test('are not made without a number to show, or with more to say than Twilio takes', async () => {
    const before = wire.received.length;
    expect(await sendWith({ voiceFrom: undefined })).toEqual({
      outcome: 'rejected',
      class: 'configuration',
      providerCode: 'no_caller_id',
    });
    expect(await provider.send(voice({ text: '&'.repeat(500) }))).toEqual({
      outcome: 'rejected',
      class: 'content',
      providerCode: 'text_too_long',
    });
    expect(wire.received.length).toBe(before);
  });

  test('that fail at once are no acceptance', async () => {
    wire.answer(json(201, { ...call, status: 'failed' }));
    expect(await provider.send(voice())).toEqual({
      outcome: 'rejected',
      class: 'configuration',
      providerCode: 'failed',
    });
    wire.answer(json(201, call));
  });
});

describe("twilio's options", () => {
  const TOKEN = 'of-the-account';
  const SECRET = 'of-the-key';
  const SK = `SK${'3'.repeat(32)}`;
  const settings = { account_sid: ACCOUNT, from: FROM };
  const surroundings = (baseUrl: string) => ({
    sandboxUrl: baseUrl,
    sandboxSmtpUrl: '',
    receiptsUrl: 'https://otp.example.com',
    timeoutMs: 1_000,
    baseUrl,
    reference: 'default.prv_1',
  });

  async function sent(account: Account, channel: 'sms' | 'voice' = 'sms') {
    const wire = await startWire();
    wire.answer(json(201, accepted));
    const provider = kindOf('twilio').createProvider(account, surroundings(wire.url));
    await provider.send(message({ channel }));
    await provider.close();
    await wire.close();
    const [request] = wire.received;
    return {
      authorization: request?.headers.authorization,
      form: Object.fromEntries(new URLSearchParams(request?.body)),
      givesReceipts: provider.givesReceipts,
    };
  }
  const live = (more: Record<string, string>, credentials: Record<string, string>): Account => ({
    mode: 'live',
    settings: { ...settings, ...more },
    credentials,
  });

  test('go along with a message, as the account is set', async () => {
    const options = {
      message_intent: 'otp',
      risk_check: 'enable',
      content_retention: 'discard',
      address_retention: 'obfuscate',
    };
    const { form } = await sent(live(options, { auth_token: TOKEN }));
    expect(form).toMatchObject({
      MessageIntent: 'otp',
      RiskCheck: 'enable',
      ContentRetention: 'discard',
      AddressRetention: 'obfuscate',
    });
    const { form: plain } = await sent(live({}, { auth_token: TOKEN }));
    expect(Object.keys(plain).toSorted()).toEqual(['Body', 'From', 'StatusCallback', 'To', 'ValidityPeriod']);
  });

  test('log in by an API key when the account has one, and then need no auth token', async () => {
    const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
    const byKey = await sent(live({ api_key_sid: SK }, { api_key_secret: SECRET, auth_token: TOKEN }));
    expect(byKey).toMatchObject({ authorization: basic(SK, SECRET), givesReceipts: true });
    const byToken = await sent(live({}, { auth_token: TOKEN }));
    expect(byToken).toMatchObject({ authorization: basic(ACCOUNT, TOKEN), givesReceipts: true });
    // Nobody could tell its receipts from forged ones.
    const withoutToken = await sent(live({ api_key_sid: SK }, { api_key_secret: SECRET }));
    expect(withoutToken).toMatchObject({ authorization: basic(SK, SECRET), givesReceipts: false });
    expect(withoutToken.form).not.toHaveProperty('StatusCallback');
  });

  test.each([
    [{}, {}, 'auth_token'],
    [{ api_key_sid: SK }, { auth_token: TOKEN }, 'api_key_secret'],
    [{}, { auth_token: TOKEN, api_key_secret: SECRET }, 'api_key_sid'],
  ])('refuse half a login by name: %o %o', async (more, credentials, name) => {
    const attempt = () => kindOf('twilio').createProvider(live(more, credentials), surroundings('http://127.0.0.1:1'));
    expect(attempt).toThrow(AccountUnusable);
    expect(attempt).toThrow(name);
    expect(kindOf('twilio').lackingOf({ ...settings, ...more }, credentials)).toEqual([name]);
  });

  test('call from a number of their own, from the sender when it is one, and else not at all', async () => {
    const form = async (more: Record<string, string>) => (await sent(live(more, { auth_token: TOKEN }), 'voice')).form;
    expect(await form({ from: 'Acme', voice_from: '+15005550009' })).toMatchObject({ From: '+15005550009' });
    expect(await form({ ring_seconds: '25' })).toMatchObject({ From: FROM, Timeout: '25' });
    expect(await form({ from: 'Acme' })).toEqual({});
  });
});
