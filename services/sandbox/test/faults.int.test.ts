import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { HTTP_PROVIDERS, type HttpProvider, PROVIDER_POSTS, postTwilio, postTwilioCall } from './provider-posts.ts';
import { type RunningSandbox, startSandbox, useSandbox } from './running-sandbox.ts';

const sandbox = useSandbox();

const presentFaults = async ({ call }: RunningSandbox) =>
  z.record(z.string(), z.unknown()).parse(await (await call('GET', '/api/faults')).json());

const post = (provider: HttpProvider) => PROVIDER_POSTS[provider](sandbox.url);

/** The transport's own code for how the call failed. */
async function failureCode(call: Promise<Response>): Promise<unknown> {
  const error = await call.then(
    (response) => `answered ${response.status}`,
    (reason: unknown) => reason,
  );
  return error instanceof Error && error.cause instanceof Error && 'code' in error.cause ? error.cause.code : error;
}

const refusals = [
  ['twilio', 'throttle', 429, { code: 20429, status: 429 }],
  ['twilio', 'auth', 401, { code: 20003, status: 401 }],
  ['twilio', 'reject', 400, { code: 21211, status: 400 }],
  ['vonage', 'throttle', 200, { messages: [{ status: '1' }] }],
  ['vonage', 'auth', 200, { messages: [{ status: '4' }] }],
  ['vonage', 'reject', 200, { messages: [{ status: '6' }] }],
  ['vonage_messages', 'throttle', 429, { type: expect.stringMatching(/#1000$/) }],
  ['vonage_messages', 'auth', 401, { type: expect.stringMatching(/#unauthorized$/) }],
  ['vonage_messages', 'reject', 422, { type: expect.stringMatching(/#1170$/) }],
  ['whatsapp_cloud', 'down', 503, { error: { code: 2, type: 'OAuthException' } }],
  ['whatsapp_cloud', 'throttle', 400, { error: { code: 130429 } }],
  ['whatsapp_cloud', 'auth', 401, { error: { code: 190 } }],
  ['whatsapp_cloud', 'reject', 400, { error: { code: 131026, error_data: { details: expect.any(String) } } }],
  ['wati', 'throttle', 429, { message: expect.stringContaining('Rate limit') }],
  ['wati', 'auth', 401, { result: false }],
  ['wati', 'reject', 200, { result: false, receivers: [{ isValidWhatsAppNumber: false }] }],
  ['fcm', 'down', 503, { error: { status: 'UNAVAILABLE', details: [{ errorCode: 'UNAVAILABLE' }] } }],
  ['fcm', 'throttle', 429, { error: { status: 'RESOURCE_EXHAUSTED', details: [{ errorCode: 'QUOTA_EXCEEDED' }] } }],
  ['fcm', 'auth', 401, { error: { status: 'UNAUTHENTICATED', details: [{ reason: 'ACCESS_TOKEN_EXPIRED' }] } }],
  ['fcm', 'reject', 404, { error: { status: 'NOT_FOUND', details: [{ errorCode: 'UNREGISTERED' }] } }],
] as const;

/** Another code than the usual one, and the answer that has it. */
const otherCodes = [
  ['twilio', 'throttle', 30, 429, { code: 30 }],
  ['twilio', 'reject', '21610', 400, { code: 21610 }],
  ['vonage', 'auth', 30, 200, { messages: [{ status: '30' }] }],
  ['vonage_messages', 'auth', 1060, 401, { type: expect.stringMatching(/#1060$/) }],
  ['vonage_messages', 'reject', 1240, 422, { type: expect.stringMatching(/#1240$/) }],
  ['whatsapp_cloud', 'reject', 132001, 404, { error: { code: 132001, message: expect.stringContaining('Template') } }],
  ['whatsapp_cloud', 'throttle', 131056, 400, { error: { code: 131056 } }],
  ['wati', 'reject', 404, 404, { message: 'Template not found' }],
  ['wati', 'auth', 403, 403, { message: 'Permission denied' }],
  ['fcm', 'reject', 'SENDER_ID_MISMATCH', 403, { error: { details: [{ errorCode: 'SENDER_ID_MISMATCH' }] } }],
  ['fcm', 'auth', 'THIRD_PARTY_AUTH_ERROR', 401, { error: { details: [{ errorCode: 'THIRD_PARTY_AUTH_ERROR' }] } }],
] as const;

describe('a scripted fault', () => {
  it.each(refusals)(
    '%s %s answers %i in the provider’s words, and nothing arrives',
    async (provider, mode, status, body) => {
      await sandbox.setFault(provider, { mode });
      const response = await post(provider);
      expect(response.status).toBe(status);
      expect(await response.json()).toMatchObject(body);
      expect(await sandbox.messages()).toEqual([]);
    },
  );

  it.each(otherCodes)('%s %s takes the error code %s', async (provider, mode, code, status, body) => {
    await sandbox.setFault(provider, { mode, code });
    const response = await post(provider);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject(body);
  });

  it('of one channel leaves the provider’s others alone, and counts only its own calls', async () => {
    await sandbox.setFault('twilio', { mode: 'down', channel: 'voice', count: 1 });
    expect((await postTwilio(sandbox.url)).status).toBe(201);
    expect((await postTwilioCall(sandbox.url)).status).toBe(503);
    expect((await postTwilioCall(sandbox.url)).status).toBe(201);
  });
});

it.each(['twilio', 'vonage', 'vonage_messages', 'wati'] as const)(
  '%s down: 503 with an empty body, and nothing arrives',
  async (provider) => {
    await sandbox.setFault(provider, { mode: 'down' });
    const response = await post(provider);
    expect(response.status).toBe(503);
    expect(await response.text()).toBe('');
    expect(await sandbox.messages()).toEqual([]);
  },
);

describe.each(HTTP_PROVIDERS)('%s', (provider) => {
  const other = provider === 'twilio' ? 'vonage' : 'twilio';

  it('ok with a delay: accepts only after it', async () => {
    await sandbox.setFault(provider, { mode: 'ok', count: 1, delay_ms: 1_000 });
    const startedAt = performance.now();
    const call = post(provider);
    // The count is used up once the request has been read.
    await expect.poll(() => presentFaults(sandbox)).toMatchObject({ [provider]: { delay_ms: 0 } });
    expect(await sandbox.messages()).toEqual([]);
    const response = await call;
    expect(performance.now() - startedAt).toBeGreaterThan(990);
    expect(response.ok).toBe(true);
    expect(await sandbox.messages()).toHaveLength(1);
  });

  it('delays a refusal too', async () => {
    await sandbox.setFault(provider, { mode: 'down', delay_ms: 200 });
    const startedAt = performance.now();
    expect((await post(provider)).status).toBe(503);
    expect(performance.now() - startedAt).toBeGreaterThan(190);
  });

  it('hang: reads the request and never answers; nothing arrives', async () => {
    await sandbox.setFault(provider, { mode: 'hang', count: 1 });
    const call = failureCode(post(provider));
    // The count is used up once the request has been read.
    await expect.poll(() => presentFaults(sandbox)).toMatchObject({ [provider]: { mode: 'ok' } });
    const settled = await Promise.race([call, new Promise((resolve) => setTimeout(resolve, 300, 'hanging'))]);
    expect(settled).toBe('hanging');
    expect(await sandbox.messages()).toEqual([]);
  });

  it('reset: the connection ends with a TCP reset; nothing arrives', async () => {
    await sandbox.setFault(provider, { mode: 'reset' });
    expect(await failureCode(post(provider))).toBe('ECONNRESET');
    expect(await sandbox.messages()).toEqual([]);
  });

  it('lost_answer: the message arrives, and the connection ends with a TCP reset', async () => {
    await sandbox.setFault(provider, { mode: 'lost_answer' });
    expect(await failureCode(post(provider))).toBe('ECONNRESET');
    expect(await sandbox.messages()).toMatchObject([{ provider, code: '123456' }]);
  });

  it('lost_answer with a delay: the message is there before the cut', async () => {
    await sandbox.setFault(provider, { mode: 'lost_answer', delay_ms: 800 });
    let isCut = false;
    const call = failureCode(post(provider)).finally(() => {
      isCut = true;
    });
    expect(await sandbox.messages('?wait_s=5')).toHaveLength(1);
    expect(isCut).toBe(false);
    expect(await call).toBe('ECONNRESET');
  });

  it('holds for count calls, then is ok; the other provider does not notice', async () => {
    await sandbox.setFault(provider, { mode: 'down', count: 2 });
    expect((await post(other)).ok).toBe(true);
    expect([(await post(provider)).status, (await post(provider)).status]).toEqual([503, 503]);
    expect((await post(provider)).ok).toBe(true);
  });
});

it('closes at once, whatever hangs, waits or streams', async () => {
  const own = await startSandbox();
  await own.setFault('twilio', { mode: 'hang', count: 1 });
  await own.setFault('vonage', { mode: 'ok', count: 1, delay_ms: 600_000 });
  const hanging = failureCode(PROVIDER_POSTS.twilio(own.url));
  const delayed = PROVIDER_POSTS.vonage(own.url);
  const waiting = own.messages('?wait_s=30');
  const stream = await own.call('GET', '/api/messages/stream');
  const bothRead = { twilio: { mode: 'ok', delay_ms: 0 }, vonage: { mode: 'ok', delay_ms: 0 } };
  await expect.poll(() => presentFaults(own)).toMatchObject(bothRead);
  const startedAt = performance.now();
  await own.service.close();
  expect(performance.now() - startedAt).toBeLessThan(5_000);
  expect(await hanging).toBe('UND_ERR_SOCKET');
  expect((await delayed).status).toBe(200);
  expect(await waiting).toBeInstanceOf(Array);
  await expect(stream.text()).rejects.toThrow('terminated');
});
