import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { problemSchema } from '@watchword/contracts';
import { createConfigCopies, mintApiKey } from '@watchword/platform';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { connectTestRedis } from './copies.fixture.ts';
import { type Answer, OPEN, startGateway, type TestGateway } from './gateway.fixture.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway({ redisUrl: inject('redisUrl') });
  const redis = await connectTestRedis();
  await createConfigCopies(redis).markPublished();
  redis.disconnect();
});
afterAll(() => gateway.close());

function expectProblem(answer: Answer<unknown>, status: number, code: string) {
  const problem = problemSchema.strict().parse(answer.body);
  expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
  expect({ status: answer.status, code: problem.code }).toEqual({ status, code });
  expect(problem.status).toBe(status);
  expect(problem.request_id).toBe(answer.headers['x-request-id']);
  expect(gateway.otp.calls, 'nothing bad reaches otp').toEqual([]);
  return problem;
}

describe('a body that is not what the schema says', () => {
  const id = `ver_${'0'.repeat(26)}`;
  const cases: [name: string, path: string, body: unknown, pointers: string[]][] = [
    ['an unknown field', '/v1/verifications', { ...OPEN, chanels: ['sms'] }, ['/chanels']],
    ['two unknown fields', '/v1/verifications', { ...OPEN, a: 1, b: 2 }, ['/a', '/b']],
    ['an unknown field of client', '/v1/verifications', { ...OPEN, client: { asn: 1 } }, ['/client/asn']],
    ['a missing destination', '/v1/verifications', {}, ['/to']],
    ['a destination that is no text', '/v1/verifications', { to: 14155550123 }, ['/to']],
    ['a destination that is too long', '/v1/verifications', { to: `+${'1'.repeat(512)}` }, ['/to']],
    ['no destination among several', '/v1/verifications', { to: {} }, ['/to']],
    ['a destination of a kind that is none', '/v1/verifications', { to: { phone: '+1', fax: '+1' } }, ['/to/fax']],
    ['one of several that is no text', '/v1/verifications', { to: { phone: '+1', email: 1 } }, ['/to/email']],
    ['another channel', '/v1/verifications', { ...OPEN, channel: 'pigeon' }, ['/channel']],
    ['a channel twice', '/v1/verifications', { ...OPEN, channels: ['sms', 'sms'] }, ['/channels']],
    ['no channel at all', '/v1/verifications', { ...OPEN, channels: [] }, ['/channels']],
    ['two ways to send', '/v1/verifications', { ...OPEN, channel: 'sms', channels: ['sms'] }, ['/channels']],
    ['a step that never ends', '/v1/verifications', { ...OPEN, workflow: [stepOf(601)] }, ['/workflow/0/timeout_s']],
    ['too many steps', '/v1/verifications', { ...OPEN, workflow: Array(6).fill(stepOf(5)) }, ['/workflow']],
    [
      'a variable that no template names',
      '/v1/verifications',
      { ...OPEN, variables: { 'a b': 'x' } },
      ['/variables/a b'],
    ],
    ['an app hash that is none', '/v1/verifications', { ...OPEN, autofill: { app_hash: 'x' } }, ['/autofill/app_hash']],
    ['a purpose with capitals', '/v1/verifications', { ...OPEN, purpose: 'Login' }, ['/purpose']],
    ['a locale that is none', '/v1/verifications', { ...OPEN, locale: '??' }, ['/locale']],
    ['a client address that is none', '/v1/verifications', { ...OPEN, client: { ip: '1.2.3' } }, ['/client/ip']],
    ['metadata that is too long', '/v1/verifications', { ...OPEN, metadata: { k: 'x'.repeat(129) } }, ['/metadata/k']],
    ['a binding with too many fields', '/v1/verifications', { ...OPEN, binding: many(11) }, ['/binding']],
    ['a list', '/v1/verifications', [OPEN], ['']],
    ['a missing code', `/v1/verifications/${id}/check`, {}, ['/code']],
    ['a code with other characters', `/v1/verifications/${id}/check`, { code: '12-34' }, ['/code']],
    ['an unknown field of a check', `/v1/verifications/${id}/check`, { code: '123456', to: '+1' }, ['/to']],
    ['a check without destination', '/v1/verifications/check', { code: '123456' }, ['/to']],
    ['an unknown field of a resend', `/v1/verifications/${id}/resend`, { to: '+1' }, ['/to']],
    ['another channel of a resend', `/v1/verifications/${id}/resend`, { channel: 'pigeon' }, ['/channel']],
    ['an unknown field of a cancel', `/v1/verifications/${id}/cancel`, { reason: 'x' }, ['/reason']],
  ];
  it.each(cases)('%s is a 400 with its pointer', async (_, path, body, pointers) => {
    const problem = expectProblem(await gateway.call(path, { body }), 400, 'invalid_request');
    expect(problem.errors?.map(({ pointer }) => pointer)).toEqual(pointers);
    expect(problem.retryable).toBe(false);
  });

  it('malformed JSON is a 400 that says so', async () => {
    const problem = expectProblem(await gateway.call('/v1/verifications', { body: '{"to": ' }), 400, 'invalid_request');
    expect(problem.detail).toContain('JSON');
  });

  it('no body at all is a 400', async () => {
    expectProblem(await gateway.call('/v1/verifications'), 400, 'invalid_request');
    expectProblem(await gateway.call('/v1/verifications', { body: '' }), 400, 'invalid_request');
  });

  it('a __proto__ field is refused', async () => {
    const body = `{"to":"+14155550123","__proto__":{"channel":"sms"}}`;
    expectProblem(await gateway.call('/v1/verifications', { body }), 400, 'invalid_request');
  });

  it('a body of 16 KiB is read, one byte more is a 413', async () => {
    const padded = (bytes: number) => JSON.stringify(OPEN).padEnd(bytes, ' ');
    expect((await gateway.call('/v1/verifications', { body: padded(16 * 1024) })).status).toBe(202);
    gateway.otp.calls.length = 0;
    expectProblem(await gateway.call('/v1/verifications', { body: padded(16 * 1024 + 1) }), 413, 'body_too_large');
  });

  it('another media type is a 415', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await gateway.call('/v1/verifications', { body: 'to=%2B14155550123', headers });
    expectProblem(answer, 415, 'unsupported_media_type');
  });

  it.each(['utf-16', 'UTF-16LE', '"iso-8859-1"', 'utf-8; charset=utf-16', '""'])(
    'JSON in the charset %s is a 415 that names the one it may have',
    async (charset) => {
      const headers = { 'content-type': `application/json; charset=${charset}` };
      const answer = await gateway.call('/v1/verifications', { body: OPEN, headers });
      expect(expectProblem(answer, 415, 'unsupported_media_type').detail).toContain('UTF-8');
    },
  );

  it.each(['; charset=utf-8', ';charset="UTF-8"', '; charset=Utf-8; q=1', ''])(
    'JSON whose type has the parameters %j is read',
    async (parameters) => {
      const headers = { 'content-type': `application/json${parameters}` };
      expect((await gateway.call('/v1/verifications', { body: OPEN, headers })).status).toBe(202);
      gateway.otp.calls.length = 0;
    },
  );
});

describe('a key that is not the project’s', () => {
  const headers = (authorization: string) => ({ body: OPEN, headers: { authorization } });
  it.each([
    ['another key', () => `Bearer ${mintApiKey('test')}`],
    ['the same key in live mode', () => `Bearer ${gateway.apiKey.replace('_test_', '_live_')}`],
    ['the key and more', () => `Bearer ${gateway.apiKey}x`],
    ['another scheme', () => `Basic ${gateway.apiKey}`],
    ['no key', () => 'Bearer'],
    ['text that is no key', () => `Bearer ${'x'.repeat(100)}`],
  ])('%s is a 401', async (_, authorization) => {
    const answer = await gateway.call('/v1/verifications', headers(authorization()));
    expectProblem(answer, 401, 'unauthenticated');
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="watchword"');
    expect(answer.text).not.toContain(gateway.apiKey);
  });

  it('is refused before the body is looked at', async () => {
    expectProblem(
      await gateway.call('/v1/verifications', { body: '{', headers: { authorization: 'Bearer x' } }),
      401,
      'unauthenticated',
    );
  });
});

describe('other bounds', () => {
  it('a query is a 400, since fields go in the body and a key never in a URL', async () => {
    const answer = await gateway.call(`/v1/verifications?api_key=${gateway.apiKey}`, { body: OPEN });
    expectProblem(answer, 400, 'invalid_request');
    expect(answer.text).not.toContain(gateway.apiKey);
  });

  it.each([
    ['empty', ''],
    ['too long', 'k'.repeat(256)],
    ['not printable', 'k\u00e9'],
  ])('an Idempotency-Key that is %s is a 400', async (_, idempotencyKey) => {
    const problem = expectProblem(
      await gateway.call('/v1/verifications', { body: OPEN, idempotencyKey }),
      400,
      'invalid_request',
    );
    expect(problem.detail).toContain('Idempotency-Key');
  });

  it('an id longer than any id is a 404', async () => {
    expectProblem(await gateway.call(`/v1/verifications/${'x'.repeat(65)}`, { method: 'GET' }), 404, 'not_found');
  });

  it('an unknown path or method is a 404', async () => {
    expectProblem(await gateway.call('/v1/nothing', { method: 'GET' }), 404, 'not_found');
    expectProblem(await gateway.call('/v1/verifications', { method: 'PUT', body: OPEN }), 404, 'not_found');
  });

  it('cuts off a client that sends its headers too slowly', async () => {
    const socket = connect(Number(new URL(gateway.service.url ?? '').port), '127.0.0.1');
    await once(socket, 'connect');
    socket.on('error', () => {
      // The server may reset what it cuts off.
    });
    socket.write('POST /v1/verifications HTTP/1.1\r\nhost: x\r\n');
    const drip = setInterval(() => socket.write('x-slow: 1\r\n'), 500);
    const answer = await text(socket);
    clearInterval(drip);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  });
});

const stepOf = (timeout_s: number) => ({ channel: 'sms', timeout_s });

function many(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`field${index}`, 'x']));
}
