import { request as httpRequest, type IncomingMessage } from 'node:http';
import { ERRORS, receiptCallSchema } from '@watchword/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { startGateway, type TestGateway } from './gateway.fixture.ts';
import { json } from './otp-stand-in.fixture.ts';

const ATTEMPT = `att_${'7'.repeat(26)}-1-2`;
const PATH = `/receipts/twilio/${ATTEMPT}`;

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway({ redisUrl: inject('redisUrl'), receiptsInFlightMax: 3 });
});
beforeEach(() => {
  gateway.otp.calls.length = 0;
  gateway.otp.answer = (_, reply) => json(reply, 200, { results: ['applied'] });
});
afterAll(() => gateway.close());

const call = (path: string, init: RequestInit = {}) =>
  fetch(`${gateway.service.url}${path}`, { method: 'POST', ...init });
const relayed = () => gateway.otp.calls.map(({ body }) => receiptCallSchema.parse(JSON.parse(body)));

describe('a receipt', () => {
  it('needs no API key, is relayed once over the signed hop, and is answered 204 without a body', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'x-twilio-signature': 'c2lnbmVk' };
    const response = await call(`${PATH}?a=1&b=%20`, { headers, body: 'MessageStatus=delivered&To=%2B1' });
    expect(response.status).toBe(204);
    expect(await response.text()).toBe('');
    expect(gateway.otp.calls).toMatchObject([{ method: 'POST', path: PATH, context: { operation: '' } }]);
    expect(relayed()).toEqual([
      {
        method: 'POST',
        query: 'a=1&b=%20',
        contentType: 'application/x-www-form-urlencoded',
        headers: { 'x-twilio-signature': 'c2lnbmVk' },
        body: Buffer.from('MessageStatus=delivered&To=%2B1').toString('base64'),
      },
    ]);
    expect(gateway.otp.refused).toBe(0);
  });

  it.each([
    ['bytes that are no text', Buffer.of(0, 0xff, 0xfe, 13, 10), 'application/x-www-form-urlencoded'],
    ['JSON that is none', Buffer.from('{"status":'), 'application/json'],
    ['an unknown type', Buffer.from('<a/>'), 'text/xml'],
    ['no type', Buffer.from('a=1'), undefined],
    ['64 KiB', Buffer.alloc(64 * 1024, 'x'), 'application/x-www-form-urlencoded'],
  ])('reaches otp byte for byte: %s', async (_, body, type) => {
    const response = await call(PATH, { body: new Uint8Array(body), headers: type ? { 'content-type': type } : {} });
    expect(response.status).toBe(204);
    expect(relayed()).toMatchObject([{ body: body.toString('base64'), contentType: type ?? '' }]);
  });

  it('may come as GET with its fields in the query, and without a body', async () => {
    const path = PATH.replace('twilio', 'vonage');
    expect((await call(`${path}?status=delivered&sig=1`, { method: 'GET' })).status).toBe(204);
    expect((await call(path)).status).toBe(204);
    expect(relayed()).toMatchObject([
      { method: 'GET', query: 'status=delivered&sig=1', body: '' },
      { method: 'POST', query: '', body: '' },
    ]);
  });

  it.each(['invalid_signature', 'not_found'] as const)('that otp calls %s is answered so', async (code) => {
    const { status } = ERRORS[code];
    gateway.otp.answer = (_, reply) => json(reply, status, { code, status }, 'application/problem+json');
    const response = await call(PATH, { body: 'a=1' });
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(await response.json()).toMatchObject({ code });
  });
});

describe('an account’s URL', () => {
  const ACCOUNT = `default.prv_${'7'.repeat(26)}`;

  it.each([
    ['whatsapp_cloud', 'platform'],
    ['whatsapp_cloud', ACCOUNT],
    ['wati', `platform.${'s'.repeat(43)}`],
    ['wati', `${ACCOUNT}.${'s'.repeat(43)}`],
  ])('of %s reaches otp as it is: %s', async (provider, reference) => {
    const path = `/receipts/${provider}/${reference}`;
    expect((await call(path, { body: '{}' })).status).toBe(204);
    expect(gateway.otp.calls.map((relayedCall) => relayedCall.path)).toEqual([path]);
  });

  it('hands over the headers that prove a provider, and no others', async () => {
    const proof = { authorization: 'Bearer e30.e30.c2ln', 'x-hub-signature-256': 'sha256=00' };
    await call('/receipts/whatsapp_cloud/platform', {
      body: '{}',
      headers: { ...proof, cookie: 'a=b', 'x-other': '1' },
    });
    expect(relayed()).toMatchObject([{ headers: proof }]);
    expect(Object.keys(relayed()[0]?.headers ?? {})).toHaveLength(2);
  });

  it('is shown to be ours by the word that otp lets it echo, as plain text', async () => {
    gateway.otp.answer = (_, reply) => json(reply, 200, { challenge: '1158201444' });
    const query = 'hub.mode=subscribe&hub.verify_token=t&hub.challenge=1158201444';
    const response = await call(`/receipts/whatsapp_cloud/platform?${query}`, { method: 'GET' });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(await response.text()).toBe('1158201444');
    expect(relayed()).toMatchObject([{ method: 'GET', query }]);
  });
});

it('what an otp of another version answers is taken', async () => {
  gateway.otp.answer = (_, reply) => json(reply, 200, { result: 'applied' });
  expect((await call(PATH, { body: 'a=1' })).status).toBe(204);
});

it.each([
  ['another provider', `/receipts/nobody/${ATTEMPT}`],
  ['a short id', '/receipts/twilio/att_1'],
  ['an id without its prefix', `/receipts/twilio/${'7'.repeat(26)}-1-2`],
  ['a delivery 0', `/receipts/twilio/att_${'7'.repeat(26)}-0-1`],
  ['a provider’s id that is none', '/receipts/whatsapp_cloud/default.prv_1'],
  ['an account with something behind it', '/receipts/whatsapp_cloud/platform.short'],
  ['an attempt 99999', `/receipts/twilio/att_${'7'.repeat(26)}-1-99999`],
  ['a long id', `/receipts/twilio/${'x'.repeat(500)}`],
  ['no id', '/receipts/twilio'],
])('%s is not found and costs no hop', async (_, path) => {
  const response = await call(path, { body: 'a=1' });
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ code: 'not_found' });
  expect(gateway.otp.calls).toEqual([]);
});

describe('a body', () => {
  const KIB_64 = 64 * 1024;
  const MIB_3 = 3 * 1024 * 1024;
  const META = '/receipts/whatsapp_cloud/platform';
  const signed = { 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` };

  /** A POST whose body is sent as the test likes. */
  function begin(path: string, headers: Record<string, string | number>) {
    const request = httpRequest(`${gateway.service.url}${path}`, { method: 'POST', headers, agent: false });
    // One that is refused before its end is cut off.
    request.on('error', () => undefined);
    request.flushHeaders();
    const answered = new Promise<IncomingMessage>((resolve) => {
      request.once('response', (response) => resolve(response.resume()));
    });
    return { request, answered };
  }

  it.each([
    ['of another provider', PATH, KIB_64],
    ['about one attempt', PATH.replace('twilio', 'whatsapp_cloud'), KIB_64],
    ['about an account', META, MIB_3],
    ['about a project’s account', `/receipts/whatsapp_cloud/default.prv_${'7'.repeat(26)}`, MIB_3],
  ])('%s has a bound: %s, %i bytes', async (_, path, bytesMax) => {
    const body = new Uint8Array(bytesMax).fill(7);
    expect((await call(path, { headers: signed, body })).status).toBe(204);
    expect(relayed()).toEqual([expect.objectContaining({ body: Buffer.from(body).toString('base64') })]);

    const { answered } = begin(path, { ...signed, 'content-length': bytesMax + 1 });
    expect(await answered).toMatchObject({ statusCode: 413, headers: { connection: 'close' } });
    const chunked = begin(path, { ...signed, 'transfer-encoding': 'chunked' });
    chunked.request.write(new Uint8Array(bytesMax + 1));
    expect(await chunked.answered).toMatchObject({ statusCode: 413, headers: { connection: 'close' } });
    expect(gateway.otp.calls).toHaveLength(1);
  });

  it.each([{}, { 'x-hub-signature-256': 'sha256=none' }])('that nobody signed is a small one: %j', async (headers) => {
    const { answered } = begin(META, { ...headers, 'content-length': KIB_64 + 1 });
    expect(await answered).toMatchObject({ statusCode: 413 });
  });

  it('that is large has one of two places until it is answered or cut off; the next is put off, and no smaller one', async () => {
    const send = (bytes: number) => call(META, { headers: signed, body: new Uint8Array(bytes) });
    const isTaken = async () => (await send(KIB_64 + 1)).status === 204;
    const begun = [0, 1].map(() => begin(META, { ...signed, 'content-length': MIB_3 }));
    const [whole, cutOff] = begun as [ReturnType<typeof begin>, ReturnType<typeof begin>];
    const isWritten = ({ request }: ReturnType<typeof begin>) =>
      new Promise((resolve) => request.write(new Uint8Array(KIB_64 + 1), resolve));
    await Promise.all(begun.map(isWritten));
    // Answered behind what was there before it.
    expect((await send(KIB_64)).status).toBe(204);
    const refused = await send(KIB_64 + 1);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);

    cutOff.request.destroy();
    await expect.poll(isTaken, { timeout: 5_000 }).toBe(true);
    whole.request.end(new Uint8Array(MIB_3 - KIB_64 - 1));
    expect(await whole.answered).toMatchObject({ statusCode: 204 });
    expect(await Promise.all([isTaken(), isTaken()])).toEqual([true, true]);
  });
});

it('only POST and GET are receipts', async () => {
  for (const method of ['PUT', 'DELETE', 'HEAD', 'PATCH']) {
    expect((await call(PATH, { method })).status, method).toBe(404);
  }
  expect(gateway.otp.calls).toEqual([]);
});

it('more receipts at once than the limit are put off with 503, and leave the API alone', async () => {
  const waiting: (() => void)[] = [];
  gateway.otp.answer = ({ path }, reply) => {
    const answer = () => json(reply, 200, { results: ['applied'] });
    if (path.startsWith('/receipts/')) waiting.push(answer);
    else answer();
  };
  const held = Array.from({ length: 3 }, () => call(PATH, { body: 'a=1' }));
  await expect.poll(() => waiting.length).toBe(3);
  const refused = await call(PATH, { body: 'a=1' });
  expect(refused.status).toBe(503);
  expect(refused.headers.get('retry-after')).toBe('1');
  expect((await gateway.call(`/v1/verifications/ver_${'7'.repeat(26)}`, { method: 'GET' })).status).toBe(200);
  expect(waiting).toHaveLength(3);
  for (const answer of waiting.splice(0)) answer();
  gateway.otp.answer = (_, reply) => json(reply, 200, { results: ['applied'] });
  expect((await Promise.all(held)).map(({ status }) => status)).toEqual([204, 204, 204]);
  expect((await call(PATH, { body: 'a=1' })).status).toBe(204);
});

it('without otp a receipt is answered 503 with Retry-After, so that the provider comes again', async () => {
  await gateway.otp.close();
  const response = await call(PATH, { body: 'a=1' });
  expect(response.status).toBe(503);
  expect(response.headers.get('retry-after')).toBe('1');
  expect(await response.json()).toMatchObject({ code: 'unavailable', retryable: true });
});
