import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ACCOUNT, postTwilio, postVonage, TEXT, TO } from './provider-posts.ts';
import { useSandbox } from './running-sandbox.ts';

const vonageAnswer = z.looseObject({
  'message-count': z.string(),
  messages: z.array(z.looseObject({ 'message-id': z.string() })),
});

const sandbox = useSandbox();

describe('Twilio’s wire', () => {
  it('answers 201 with the whole Message resource and puts the message in the inbox', async () => {
    const response = await postTwilio(sandbox.url);
    expect(response.status).toBe(201);
    const resource = z.looseObject({ sid: z.string() }).parse(await response.json());
    const uri = `/2010-04-01/Accounts/${ACCOUNT}/Messages/${resource.sid}`;
    const rfc2822 = expect.stringMatching(/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} \+0000$/);
    expect(resource).toEqual({
      account_sid: ACCOUNT,
      api_version: '2010-04-01',
      body: TEXT,
      date_created: rfc2822,
      date_sent: null,
      date_updated: rfc2822,
      direction: 'outbound-api',
      error_code: null,
      error_message: null,
      from: '+14155550100',
      messaging_service_sid: null,
      num_media: '0',
      num_segments: '1',
      price: null,
      price_unit: 'USD',
      sid: expect.stringMatching(/^SM[0-9a-f]{32}$/),
      status: 'queued',
      subresource_uris: { media: `${uri}/Media.json` },
      to: TO,
      uri: `${uri}.json`,
    });
    expect(await sandbox.messages()).toEqual([
      {
        id: resource.sid,
        channel: 'sms',
        provider: 'twilio',
        to: TO,
        subject: null,
        text: TEXT,
        html: null,
        code: '123456',
        segments: 1,
        receipts: [],
        at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      },
    ]);
  });

  it.each([
    ['no To', { To: '' }, 21604],
    ['no Body', { Body: '' }, 21602],
    ['no From', { From: '' }, 21603],
    ['a To that is no number', { To: 'nobody' }, 21211],
    ['a Body over 1600 characters', { Body: 'x'.repeat(1601) }, 21617],
  ])('refuses %s as Twilio does, and nothing arrives', async (_case, fields, code) => {
    const response = await postTwilio(sandbox.url, fields);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      code,
      message: expect.any(String),
      more_info: `https://www.twilio.com/docs/errors/${code}`,
      status: 400,
    });
    expect(await sandbox.messages()).toEqual([]);
  });

  it.each(['', 'Bearer token', 'Basic !!!', `Basic ${Buffer.from('onlyuser').toString('base64')}`])(
    'refuses the credentials %j with 401 and 20003',
    async (authorization) => {
      const response = await postTwilio(sandbox.url, {}, authorization);
      expect(response.status).toBe(401);
      expect(await response.json()).toMatchObject({ code: 20003, status: 401 });
      expect(await sandbox.messages()).toEqual([]);
    },
  );

  it('takes a messaging service instead of a sender', async () => {
    const response = await postTwilio(sandbox.url, { From: '', MessagingServiceSid: `MG${'1'.repeat(32)}` });
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({ from: null, status: 'accepted', num_segments: '0' });
  });

  it('takes forms only', async () => {
    const response = await sandbox.call('POST', `/2010-04-01/Accounts/${ACCOUNT}/Messages.json`, { To: TO });
    expect(response.status).toBe(415);
  });
});

describe('Vonage’s wire', () => {
  it('answers 200 with status 0 and puts the message in the inbox, with the plus that the wire lacks', async () => {
    const response = await postVonage(sandbox.url, { 'client-ref': 'att_1' });
    expect(response.status).toBe(200);
    const answer = vonageAnswer.parse(await response.json());
    expect(answer).toEqual({
      'message-count': '1',
      messages: [
        {
          to: TO.slice(1),
          'message-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
          status: '0',
          'remaining-balance': expect.stringMatching(/^\d+\.\d+$/),
          'message-price': expect.stringMatching(/^\d+\.\d+$/),
          network: expect.stringMatching(/^\d+$/),
          'client-ref': 'att_1',
        },
      ],
    });
    const [message] = await sandbox.messages();
    expect(message).toMatchObject({
      id: answer.messages[0]?.['message-id'],
      provider: 'vonage',
      to: TO,
      code: '123456',
    });
  });

  it('takes a form, and credentials in the body', async () => {
    const response = await fetch(`${sandbox.url}/sms/json`, {
      method: 'POST',
      body: new URLSearchParams({ to: TO.slice(1), from: 'W', text: TEXT, api_key: 'k', api_secret: 's' }),
    });
    expect(await response.json()).toMatchObject({ messages: [{ status: '0' }] });
    expect(await sandbox.messages()).toHaveLength(1);
  });

  it('answers with one entry per part of a long text', async () => {
    const response = await postVonage(sandbox.url, { text: 'x'.repeat(161) });
    const answer = vonageAnswer.parse(await response.json());
    expect(answer['message-count']).toBe('2');
    expect(answer.messages).toHaveLength(2);
    expect(await sandbox.messages()).toHaveLength(1);
  });

  it.each([
    ['no credentials', {}, '', '2'],
    ['no from', { from: '' }, undefined, '2'],
    ['no to', { to: '' }, undefined, '2'],
    ['no text', { text: '' }, undefined, '2'],
    ['a to that is no number', { to: 'nobody' }, undefined, '3'],
    ['a text over 3200 characters', { text: 'x'.repeat(3201) }, undefined, '12'],
  ])('refuses %s with 200 and a status, and nothing arrives', async (_case, fields, authorization, status) => {
    const response = await postVonage(sandbox.url, fields, authorization);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      'message-count': '1',
      messages: [{ status, 'error-text': expect.any(String) }],
    });
    expect(await sandbox.messages()).toEqual([]);
  });
});

it('logs neither text nor whole numbers', async () => {
  await postTwilio(sandbox.url);
  await postVonage(sandbox.url);
  await sandbox.messages(`?to=${encodeURIComponent(TO)}`);
  const log = sandbox.log.join('');
  expect(log).toContain('/sms/json');
  for (const secret of [TO.slice(1), '123456', 'login OTP']) expect(log).not.toContain(secret);
});
