import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { HOP_ANSWERS_TYPE } from '@watchword/contracts';
import { mintApiKey, StartupError } from '@watchword/platform';
import { request } from 'undici';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { OPEN, startGateway, type TestGateway, type TestGatewayOptions } from './gateway.fixture.ts';
import { json } from './otp-stand-in.fixture.ts';

const ID = `ver_${'0'.repeat(26)}`;
let gateway: TestGateway;
const start = async (options: Partial<TestGatewayOptions> = {}) => {
  gateway = await startGateway({ redisUrl: inject('redisUrl'), ...options });
  return gateway;
};
afterEach(() => gateway.close());
const open = () => gateway.call('/v1/verifications', { body: OPEN });

describe('the hop', () => {
  it('carries the body as it came, the request id, the project, the mode and a deadline, signed', async () => {
    await start();
    const body = '{ "to" : "+14155550123",\n "locale": "pt-BR" }';
    const sentAtMs = Date.now();
    const answer = await gateway.call('/v1/verifications', { body });
    expect(gateway.otp.refused).toBe(0);
    const [call] = gateway.otp.calls;
    expect(call).toMatchObject({ method: 'POST', path: '/v1/verifications', body });
    expect(call?.context).toMatchObject({ project: gateway.project, mode: 'test', operation: '' });
    expect(call?.context.requestId).toBe(answer.headers['x-request-id']);
    expect(call?.context.deadline).toBeGreaterThan(sentAtMs + 700);
    expect(call?.context.deadline).toBeLessThan(sentAtMs + 1_500);
  });

  it('carries the mode of a live key', async () => {
    await start({ environment: { API_KEY: mintApiKey('live') } });
    await open();
    expect(gateway.otp.calls[0]?.context.mode).toBe('live');
  });

  it.each([
    ['GET', `/v1/verifications/${ID}`, undefined, ''],
    ['GET', `/v1/verifications/${ID}/timeline`, undefined, ''],
    ['POST', `/v1/verifications/${ID}/resend`, undefined, '{}'],
    ['POST', `/v1/verifications/${ID}/cancel`, {}, '{}'],
    ['POST', '/v1/verifications/a%2F..%2Fb%3Fc/check', { code: '123456' }, '{"code":"123456"}'],
  ] as const)('%s %s goes to the same path', async (method, path, body, forwarded) => {
    await start();
    await gateway.call(path, { method, body });
    expect(gateway.otp.refused).toBe(0);
    expect(gateway.otp.calls[0]).toMatchObject({ method, path, body: forwarded });
  });

  it('passes on status, content type, Retry-After and body unchanged', async () => {
    await start();
    const body = `{"code":"resend_too_soon",   "x":"${'é'.repeat(40_000)}"}`;
    gateway.otp.answer = (_, { answer, response }) => {
      response.setHeader('x-internal', 'yes');
      answer({ status: 429, contentType: 'application/problem+json; charset=utf-8', retryAfter: '42', body });
    };
    const answer = await open();
    expect([answer.status, answer.headers['content-type'], answer.headers['retry-after'], answer.text]).toEqual([
      429,
      'application/problem+json; charset=utf-8',
      '42',
      body,
    ]);
    expect(answer.headers).not.toHaveProperty('x-internal');
  });

  it('is kept out of caches and sniffers, and opens nothing to browsers', async () => {
    await start();
    const { headers } = await gateway.call('/v1/verifications', {
      body: OPEN,
      headers: { origin: 'https://example.com', 'x-forwarded-for': '203.0.113.9' },
    });
    expect(headers['cache-control']).toBe('no-store');
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['content-security-policy']).toBe("default-src 'none'; frame-ancestors 'none'");
    expect(headers).not.toHaveProperty('access-control-allow-origin');
    expect(JSON.stringify(gateway.otp.calls)).not.toContain('203.0.113.9');
  });
});

describe('when otp is not there', () => {
  const expectUnavailable = async () => {
    const answer = await open();
    expect([answer.status, answer.body.code, answer.body.retryable]).toEqual([503, 'unavailable', true]);
    expect(answer.headers['retry-after']).toBe('1');
    expect(answer.ms).toBeLessThan(1_000);
    return answer;
  };

  it('answers 503 at once when it is down, and relays again when it is back', async () => {
    await start();
    expect((await open()).status).toBe(202);
    const { answer } = gateway.otp;
    gateway.otp.answer = (_, { response }) => response.destroy();
    await expectUnavailable();
    gateway.otp.answer = answer;
    expect((await open()).status).toBe(202);
    await gateway.otp.close();
    expect((await expectUnavailable()).ms).toBeLessThan(400);
  });

  it('answers 503 within a second when it hangs', async () => {
    await start();
    gateway.otp.answer = () => {};
    expect((await expectUnavailable()).ms).toBeGreaterThan(700);
  });

  it('answers 503 within a second when it hangs in the middle of its answer', async () => {
    await start();
    gateway.otp.answer = (_, { response }) =>
      void response.writeHead(200, { 'content-type': HOP_ANSWERS_TYPE }).write('[{"call":0,');
    await expectUnavailable();
  });

  it('answers 503, not 401, when it refuses the signature', async () => {
    const other = await start();
    const wrong = await startGateway({ redisUrl: inject('redisUrl'), environment: { OTP_URL: other.otp.url } });
    gateway.otp.answer = (_, { response }) =>
      response.writeHead(401, { 'content-type': 'application/problem+json' }).end('{"code":"unauthenticated"}');
    const answer = await wrong.call('/v1/verifications', { body: OPEN });
    await wrong.close();
    expect([answer.status, answer.body.code]).toEqual([503, 'unavailable']);
  });

  it('answers 503 when another server answers there', async () => {
    await start();
    gateway.otp.answer = (_, { response }) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Welcome</h1>');
    const answer = await expectUnavailable();
    expect(answer.text).not.toContain('Welcome');
    expect(answer.ms).toBeLessThan(400);
  });

  it('answers 503 at once to what otp left without an answer', async () => {
    await start();
    gateway.otp.answer = (_, { response }) => response.writeHead(200, { 'content-type': HOP_ANSWERS_TYPE }).end('[]\n');
    expect((await expectUnavailable()).ms).toBeLessThan(400);
  });
});

describe('overload', () => {
  it('turns calls away at once above the bound, and takes them again below it', async () => {
    await start({ callsInFlightMax: 3 });
    const held: (() => void)[] = [];
    gateway.otp.answer = (_, reply) => held.push(() => json(reply, 202, {}));
    const first = [open(), open(), open()];
    await expect.poll(() => held.length).toBe(3);
    const turnedAway = await Promise.all([open(), open()]);
    expect(turnedAway.map(({ status, headers }) => [status, headers['retry-after']])).toEqual([
      [503, '1'],
      [503, '1'],
    ]);
    for (const { ms } of turnedAway) expect(ms).toBeLessThan(400);
    for (const release of held) release();
    expect((await Promise.all(first)).map(({ status }) => status)).toEqual([202, 202, 202]);
    gateway.otp.answer = (_, reply) => json(reply, 202, {});
    expect((await open()).status).toBe(202);
  });

  it('counts a call whose caller has gone until it is done', async () => {
    await start({ callsInFlightMax: 1 });
    let release = () => {};
    gateway.otp.answer = (_, reply) => {
      release = () => json(reply, 202, {});
    };
    const { port } = new URL(gateway.service.url ?? '');
    const text = JSON.stringify(OPEN);
    const socket = connect(Number(port), '127.0.0.1');
    socket.write(
      `POST /v1/verifications HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${gateway.apiKey}\r\ncontent-type: application/json\r\ncontent-length: ${text.length}\r\n\r\n${text}`,
    );
    await expect.poll(() => gateway.otp.calls.length).toBe(1);
    socket.destroy();
    const turnedAway = await open();
    expect(turnedAway.status).toBe(503);
    expect(turnedAway.ms).toBeLessThan(400);
    release();
    gateway.otp.answer = (_, reply) => json(reply, 202, {});
    await expect.poll(async () => (await open()).status).toBe(202);
  });
});

describe('the service', () => {
  const readiness = async () => {
    const { statusCode, body } = await request(`${gateway.service.adminUrl}/readyz`);
    return { statusCode, text: await body.text() };
  };

  it('is ready while Redis and otp answer, and says why when not', async () => {
    await start();
    gateway.otp.answer = (_, reply) => json(reply, 404, { code: 'not_found' }, 'application/problem+json');
    expect(await readiness()).toEqual({ statusCode: 200, text: 'ok\n' });
    await gateway.otp.close();
    const { statusCode, text } = await readiness();
    expect(statusCode).toBe(503);
    expect(text).toContain('otp is out of reach');
  });

  it('says in one line that its port is taken', async () => {
    await start();
    const { port } = new URL(gateway.service.url ?? '');
    const second = startGateway({ redisUrl: inject('redisUrl'), environment: { GATEWAY_PORT: port } });
    await expect(second).rejects.toThrow(StartupError);
    await expect(second).rejects.toThrow(new RegExp(`^Port ${port} .*GATEWAY_PORT.*$`));
  });

  it('answers what it has accepted before it closes', async () => {
    await start();
    let release = () => {};
    gateway.otp.answer = (_, reply) => {
      release = () => json(reply, 202, { late: randomBytes(4).toString('hex') });
    };
    const accepted = open();
    await expect.poll(() => gateway.otp.calls.length).toBe(1);
    const closed = gateway.service.close();
    release();
    expect((await accepted).status).toBe(202);
    await closed;
  });

  it('serves the document and its page without a key, the page with a strict policy', async () => {
    await start();
    const headers = { authorization: '' };
    const document = await gateway.call<{ openapi: string }>('/openapi.json', { method: 'GET', headers });
    expect([document.status, document.body.openapi]).toEqual([200, '3.1.1']);
    const page = await gateway.call('/docs', { method: 'GET', headers });
    expect(page.status).toBe(200);
    expect(page.headers['content-security-policy']).toContain("script-src 'self';");
    expect(page.text).not.toMatch(/https?:\/\//);
    for (const [, path = ''] of page.text.matchAll(/(?:src|href)="([^"]+)"/g)) {
      expect((await gateway.call(path, { method: 'GET', headers })).status, path).toBe(200);
    }
  });
});
