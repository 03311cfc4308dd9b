import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import {
  type Answer,
  eventually,
  freshNumber,
  isAlive,
  type Platform,
  redisPidOf,
  startPlatform,
} from '@watchword/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

const run = promisify(execFile);

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform({
    env: { PACING_SECONDS: '0', CODE_TTL_SECONDS: '6', SENDS_MAX: '10', STREAK_FREE_CHECKS: '100' },
  });
});
afterAll(() => platform.stop());

const codeFor = async (to: string, count = 1) => (await platform.waitForMessage(to, 10_000, count)).code ?? '';

test('a code goes out through the primary provider and is approved once', async () => {
  const to = freshNumber();
  const opened = await platform.open(to, { metadata: { order: '7' }, locale: 'en' });
  expect(opened).toMatchObject({ status: 202, body: { status: 'pending', sends_remaining: 9, checks_remaining: 3 } });
  expect(JSON.stringify(opened.body)).not.toContain(to);
  const message = await platform.waitForMessage(to);
  expect(message).toMatchObject({ provider: 'twilio', channel: 'sms', to });
  expect(message.text).toContain(`Your login OTP is ${message.code}. Do not share it with anyone.`);
  const checked = await platform.check(opened.body.id, message.code ?? '');
  expect(checked).toMatchObject({ status: 200, body: { valid: true, result: 'approved', status: 'approved' } });
  const again = await platform.check(opened.body.id, message.code ?? '');
  expect(again.body).toMatchObject({ valid: false, result: 'already_approved' });
  const read = await platform.call('GET', `/v1/verifications/${opened.body.id}`);
  expect(read.body).toMatchObject({
    status: 'approved',
    metadata: { order: '7' },
    deliveries: [{ status: expect.stringMatching(/^(accepted|delivered)$/) }],
  });
});

test('a code is checked by destination and purpose', async () => {
  const to = freshNumber();
  await platform.open(to, { purpose: 'registration' });
  const code = await codeFor(to);
  const check = (purpose: string) => platform.call('POST', '/v1/verifications/check', { to, purpose, code });
  expect((await check('login')).status).toBe(404);
  expect((await check('verification')).body).toMatchObject({ valid: true });
});

test('wrong codes to the limit exhaust the verification; the right one is refused then', async () => {
  const to = freshNumber();
  const { body } = await platform.open(to);
  const code = await codeFor(to);
  for (const remaining of [2, 1, 0]) {
    const wrong = await platform.check(body.id, 'AAAAAAAAAA');
    expect(wrong.body).toMatchObject({ valid: false, result: 'incorrect', checks_remaining: remaining });
  }
  expect((await platform.check(body.id, code)).body).toMatchObject({ valid: false, result: 'exhausted' });
});

test('after its TTL a code is expired, and the timeline says so without anybody asking', async () => {
  const to = freshNumber();
  const { body } = await platform.open(to);
  const code = await codeFor(to);
  const event = await eventually('the expiry event', 10_000, async () =>
    (await platform.timeline(body.id)).body.events.find(({ type }) => type === 'verification.expired'),
  );
  expect(Date.parse(event.at)).toBeGreaterThan(Date.parse(body.expires_at));
  expect((await platform.check(body.id, code)).body).toMatchObject({ valid: false, result: 'expired' });
});

test('the old and the new code of a resend both verify, one of them once', async () => {
  for (const used of ['old', 'new'] as const) {
    const to = freshNumber();
    const { body } = await platform.open(to);
    const old = await codeFor(to);
    const resent = await platform.call('POST', `/v1/verifications/${body.id}/resend`, {});
    expect(resent).toMatchObject({ status: 202, body: { id: body.id } });
    const codes = { old, new: await codeFor(to, 2) };
    expect(codes.new).not.toBe(codes.old);
    expect((await platform.check(body.id, codes[used])).body.result).toBe('approved');
    expect((await platform.check(body.id, codes[used === 'old' ? 'new' : 'old'])).body.result).toBe('already_approved');
  }
});

test('a canceled verification takes no check and no resend', async () => {
  const to = freshNumber();
  const { body } = await platform.open(to);
  const code = await codeFor(to);
  const cancel = () => platform.call('POST', `/v1/verifications/${body.id}/cancel`, {});
  expect(await cancel()).toMatchObject({ status: 200, body: { status: 'canceled' } });
  expect(await cancel()).toMatchObject({ status: 409, body: { code: 'not_pending' } });
  expect((await platform.check(body.id, code)).body.result).toBe('canceled');
  expect((await platform.call('POST', `/v1/verifications/${body.id}/resend`, {})).status).toBe(409);
});

test('100 parallel sends with one Idempotency-Key make one verification and one message', async () => {
  const to = freshNumber();
  const headers = { 'idempotency-key': crypto.randomUUID() };
  const answers = await Promise.all(Array.from({ length: 100 }, () => platform.open(to, {}, headers)));
  expect(new Set(answers.map(({ status, body }) => `${status} ${body.id}`)).size).toBe(1);
  await platform.waitForMessage(to);
  const view = await platform.call('GET', `/v1/verifications/${answers[0]?.body.id ?? ''}`);
  expect(view.body.deliveries).toHaveLength(1);
  expect(await platform.inbox(to)).toHaveLength(1);
  expect((await platform.open(to, { purpose: 'other' }, headers)).body.code).toBe('idempotency_mismatch');
});

test('of 1000 wrong guesses over HTTP exactly 3 are judged, and the right one after them is refused', async () => {
  const to = freshNumber();
  const { body } = await platform.open(to);
  const code = await codeFor(to);
  const guesses = await Promise.all(Array.from({ length: 1_000 }, () => platform.check(body.id, 'AAAAAAAAAA')));
  // A slow machine may answer some of them 503; a 429 would mean that a limit did the work.
  expect(guesses.filter(({ status }) => status !== 200 && status !== 503)).toEqual([]);
  const judged = (await platform.timeline(body.id)).body.events.filter(({ type }) => type === 'check.judged');
  expect(judged.map(({ data }) => data.result)).toEqual(['incorrect', 'incorrect', 'incorrect']);
  expect((await platform.check(body.id, code)).body).toMatchObject({ valid: false, result: 'exhausted' });
});

test('of 100 right guesses over HTTP exactly one is valid', async () => {
  const to = freshNumber();
  const { body } = await platform.open(to);
  const code = await codeFor(to);
  const guesses = await Promise.all(Array.from({ length: 100 }, () => platform.check(body.id, code)));
  expect(guesses.filter((guess) => guess.body.valid)).toHaveLength(1);
});

test('bad input is a problem that names the field or the reason, and nothing is sent', async () => {
  const to = freshNumber();
  const post = (body: unknown, headers = {}) => platform.call('POST', '/v1/verifications', body, headers);
  const cases: [Promise<Answer>, number, string, string | undefined][] = [
    [post('{"to":'), 400, 'invalid_request', undefined],
    [post('{"to":1}', { 'content-type': 'text/plain' }), 415, 'unsupported_media_type', undefined],
    [post({ to, nope: 1 }), 400, 'invalid_request', '/nope'],
    [post({ to, client: { nope: 1 } }), 400, 'invalid_request', '/client/nope'],
    [post({ to, channel: 'pigeon' }), 400, 'invalid_request', '/channel'],
    [post({ to: 'not a number' }), 422, 'invalid_destination', '/to'],
    [post({ to, metadata: { big: 'x'.repeat(17_000) } }), 413, 'body_too_large', undefined],
    [post({ to }, { authorization: 'Bearer ww_test_wrongwrongwrongwrongwrong' }), 401, 'unauthenticated', undefined],
    [platform.check('ver_unknown', '123456'), 404, 'not_found', undefined],
    [platform.check(`ver_${'7'.repeat(26)}`, '123456'), 404, 'not_found', undefined],
    [platform.call('GET', `/v1/verifications/ver_${'7'.repeat(26)}`), 404, 'not_found', undefined],
  ];
  for (const [answer, status, code, pointer] of cases) {
    const { body, ...rest } = await answer;
    expect({ status: rest.status, code: body.code }).toEqual({ status, code });
    expect(body).toMatchObject({ status, request_id: expect.any(String), retryable: false });
    expect(body.errors?.map((error) => error.pointer)).toEqual(pointer === undefined ? undefined : [pointer]);
  }
  expect(await platform.inbox(to)).toEqual([]);
  expect((await platform.call('POST', '/v1/verifications/check', { to, code: '123456' })).status).toBe(404);
});

test('a body that is no UTF-8 is refused, so that no two bindings read the same', async () => {
  const body = Buffer.concat([
    Buffer.from('{"to":"+14155550123","binding":{"payee":"'),
    Buffer.of(0xff),
    Buffer.from('"}}'),
  ]);
  const response = await fetch(`${platform.file.gateway ?? ''}/v1/verifications`, {
    method: 'POST',
    headers: { authorization: `Bearer ${platform.file.apiKey}`, 'content-type': 'application/json' },
    body,
  });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ code: 'invalid_request', detail: 'The body is not valid UTF-8.' });
});

test('the printed pair of calls works when pasted', async ({ skip }) => {
  const hasCurl = await run('curl', ['--version']).then(
    () => true,
    () => false,
  );
  skip(!hasCurl, 'there is no curl on this machine');
  const calls = platform.standalone
    .output()
    .split('\n')
    .filter((line) => line.startsWith('curl '));
  expect(calls).toHaveLength(2);
  const { stdout } = await run('bash', ['-c', calls.join('\n')], { timeout: 20_000 });
  const [opened, checked] = stdout.trim().split('\n');
  expect(JSON.parse(opened ?? '')).toMatchObject({ status: 'pending' });
  expect(JSON.parse(checked ?? '')).toMatchObject({ valid: true, result: 'approved' });
});

test('a second start on the same directory is refused in one line', async () => {
  const second = platform.startService('standalone').catch((error: unknown) => String(error));
  expect(await second).toMatch(/is in use by process \d+/);
  expect((await platform.open(freshNumber())).status).toBe(202);
});

test.each([
  { service: 'otp', variable: 'PEPPER' },
  { service: 'worker', variable: 'SEAL_KEY' },
  { service: 'gateway', variable: 'HOP_KEY' },
])('$service with another $variable than this Redis was first used with is refused in one line', async (wrong) => {
  const key = { [wrong.variable]: Buffer.alloc(32, 7).toString('base64url') };
  const refused = await platform.startService(wrong.service, key).catch((error: unknown) => String(error));
  expect(refused).toContain(`${wrong.variable} is not the one this Redis was first used with`);
});

test('no code or number of all this is at rest in Redis, its files or a log', async () => {
  const { codes, leaks } = await platform.searchLeaks();
  expect(codes).toBeGreaterThan(10);
  expect(leaks).toEqual([]);
});

test('SIGINT ends everything the platform started', async () => {
  const redisPid = redisPidOf(platform);
  expect(isAlive(redisPid)).toBe(true);
  platform.standalone.kill('SIGINT');
  expect(await platform.standalone.ended).toEqual({ code: 0, signal: null });
  expect(isAlive(redisPid)).toBe(false);
});
