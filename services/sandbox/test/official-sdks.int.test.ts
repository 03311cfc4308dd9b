import { generateKeyPairSync } from 'node:crypto';
import { Vonage } from '@vonage/server-sdk';
import twilio from 'twilio';
import { describe, expect, it } from 'vitest';
import { ACCOUNT, CODE, TEMPLATE, TEXT, TO, TWIML } from './provider-posts.ts';
import { useSandbox } from './running-sandbox.ts';

const sandbox = useSandbox();

function sendByTwilio() {
  const client = twilio(ACCOUNT, 'any-token');
  client.api.baseUrl = sandbox.url;
  return client.messages.create({ to: TO, from: '+14155550100', body: TEXT });
}

function callByTwilio() {
  const client = twilio(ACCOUNT, 'any-token');
  client.api.baseUrl = sandbox.url;
  return client.calls.create({ to: TO, from: '+14155550100', twiml: TWIML });
}

const vonageMessages = () => new Vonage({ apiKey: 'any', apiSecret: 'any' }, { apiHost: sandbox.url }).messages;

function sendByVonage() {
  const vonage = new Vonage({ apiKey: 'any', apiSecret: 'any' }, { restHost: sandbox.url });
  return vonage.sms.send({ to: TO.slice(1), from: 'Watchword', text: TEXT });
}

describe('Twilio’s official SDK', () => {
  it('reads an accepted message', async () => {
    const message = await sendByTwilio();
    expect(message).toMatchObject({ status: 'queued', to: TO, body: TEXT, numSegments: '1', accountSid: ACCOUNT });
    expect(message.dateCreated).toBeInstanceOf(Date);
    expect(message.dateCreated.getTime()).not.toBeNaN();
    expect(await sandbox.messages()).toMatchObject([{ id: message.sid, to: TO }]);
  });

  it.each([
    ['reject', { status: 400, code: 21211 }],
    ['throttle', { status: 429, code: 20429 }],
    ['auth', { status: 401, code: 20003 }],
  ])('reads %s as its own RestException', async (mode, error) => {
    await sandbox.setFault('twilio', { mode });
    await expect(sendByTwilio()).rejects.toMatchObject({
      ...error,
      moreInfo: expect.stringContaining(String(error.code)),
    });
    expect(await sandbox.messages()).toEqual([]);
  });

  it('reads down as a 503 without a code', async () => {
    await sandbox.setFault('twilio', { mode: 'down' });
    const error: unknown = await sendByTwilio().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ status: 503 });
    expect(error).not.toHaveProperty('code', expect.anything());
  });
});

describe('Twilio’s official SDK, of calls', () => {
  it('reads an accepted call, whose speech and code are in the inbox', async () => {
    const call = await callByTwilio();
    expect(call).toMatchObject({ status: 'queued', to: TO, from: '+14155550100', direction: 'outbound-api' });
    expect(call.dateCreated.getTime()).not.toBeNaN();
    expect(await sandbox.messages()).toMatchObject([
      {
        id: call.sid,
        channel: 'voice',
        to: TO,
        code: CODE,
        text: expect.stringMatching(/^Your code is.*\nYour code is/),
      },
    ]);
  });

  it.each([
    ['reject', { status: 400, code: 21211 }],
    ['throttle', { status: 429, code: 20429 }],
    ['auth', { status: 401, code: 20003 }],
  ])('reads %s as its own RestException', async (mode, error) => {
    await sandbox.setFault('twilio', { mode, channel: 'voice' });
    await expect(callByTwilio()).rejects.toMatchObject(error);
    expect(await sandbox.messages()).toEqual([]);
  });
});

describe('Vonage’s official SDK, of the Messages API', () => {
  const sms = { channel: 'sms', messageType: 'text', from: 'Watchword', to: TO.slice(1), text: TEXT } as const;
  const whatsApp = {
    channel: 'whatsapp',
    messageType: 'custom',
    from: '14155550100',
    to: TO.slice(1),
    custom: { type: 'template', template: TEMPLATE },
  } as const;

  it('reads accepted messages of both channels', async () => {
    const { messageUUID: first } = await vonageMessages().send(sms);
    const { messageUUID: second } = await vonageMessages().send(whatsApp);
    expect(await sandbox.messages()).toMatchObject([
      { id: second, channel: 'whatsapp', to: TO, code: CODE, segments: null },
      { id: first, channel: 'sms', to: TO, code: CODE, text: TEXT, segments: 1 },
    ]);
  });

  it('takes a template of its own kind, and a token of an application', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
    const vonage = new Vonage(
      { applicationId: '78d335fa-323d-0114-9c3d-d6f0d48968cf', privateKey: String(pem) },
      { apiHost: sandbox.url },
    );
    const template = { name: 'login_otp', parameters: [CODE] };
    const whatsapp = { policy: 'deterministic', locale: 'pt_BR' };
    const message = { ...whatsApp, custom: undefined, messageType: 'template', template, whatsapp };
    const { messageUUID } = await vonage.messages.send(message as never);
    const [arrived] = await sandbox.messages();
    expect(arrived).toMatchObject({ id: messageUUID, code: CODE, text: `${CODE} [login_otp, pt_BR]` });
    expect((await sandbox.message(messageUUID)).request?.headers.authorization).toBe('Bearer ••••');
  });

  it.each([
    ['reject', 422],
    ['throttle', 429],
    ['auth', 401],
    ['down', 503],
  ])('reads %s as a %i', async (mode, status) => {
    await sandbox.setFault('vonage_messages', { mode });
    await expect(vonageMessages().send(sms as never)).rejects.toMatchObject({ response: { status } });
    expect(await sandbox.messages()).toEqual([]);
  });
});

describe('Vonage’s official SDK', () => {
  it('reads an accepted message', async () => {
    const { messages } = await sendByVonage();
    expect(messages).toMatchObject([{ status: '0', to: TO.slice(1), remainingBalance: expect.any(String) }]);
    expect(await sandbox.messages()).toMatchObject([{ id: messages[0]?.messageId, to: TO }]);
  });

  it.each([
    ['reject', '6'],
    ['throttle', '1'],
    ['auth', '4'],
  ])('reads %s as its failure with status %s', async (mode, status) => {
    await sandbox.setFault('vonage', { mode });
    await expect(sendByVonage()).rejects.toMatchObject({
      response: { messages: [{ status, errorText: expect.any(String) }] },
    });
    expect(await sandbox.messages()).toEqual([]);
  });

  it('reads down as a 503', async () => {
    await sandbox.setFault('vonage', { mode: 'down' });
    await expect(sendByVonage()).rejects.toMatchObject({ response: { status: 503 } });
  });
});
