import { Vonage } from '@vonage/server-sdk';
import twilio from 'twilio';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ACCOUNT, type RunningSandbox, startSandbox, TEXT, TO } from './running-sandbox.ts';

let sandbox: RunningSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
beforeEach(async () => {
  await sandbox.call('DELETE', '/api/faults');
  await sandbox.call('DELETE', '/api/messages');
});
afterAll(() => sandbox.service.close());

function sendByTwilio() {
  const client = twilio(ACCOUNT, 'any-token');
  client.api.baseUrl = sandbox.url;
  return client.messages.create({ to: TO, from: '+14155550100', body: TEXT });
}

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
