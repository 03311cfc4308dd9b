import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import {
  acceptedVerificationSchema,
  HOP_ANSWERS_TYPE,
  HOP_PATH,
  JWKS_PATH,
  judgedCheckSchema,
  jwksSchema,
  problemSchema,
  timelineSchema,
  verificationSchema,
} from '@watchword/contracts';
import { createHopSigner, createLogger, parseEnvironment, type RunningService, Secret } from '@watchword/platform';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { z } from 'zod';
import { composeOtp, otpVariables } from '../src/index.ts';
import { callHop, postBatch, sign, testKeys, toCall } from './hop.fixture.ts';

let numbers = 100;
const bodyOf = () => {
  numbers += 1;
  return JSON.stringify({ to: `+14155550${numbers}` });
};

let otp: RunningService;
/** What was logged, line by line. */
const lines: Record<string, unknown>[] = [];
beforeAll(async () => {
  const environment = { REDIS_URL: inject('redisUrl'), OTP_PORT: '0', PACING_SECONDS: '0' };
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) };
  const logger = createLogger({ service: 'otp', level: 'info', destination });
  otp = await composeOtp(parseEnvironment(otpVariables, { ...testKeys, ...environment }), { logger });
});
afterAll(() => otp.close());

test('each call of a batch is carried out under the id and for the project of the request it belongs to', async () => {
  const opens = Array.from({ length: 50 }, (_, index) => ({
    requestId: `request-${index}`,
    project: `p-${index % 2}`,
    body: index % 5 === 0 ? '{' : bodyOf(),
  }));
  const answers = await callHop(otp.url, opens);
  expect(answers.map(({ status }) => status)).toEqual(opens.map(({ body }) => (body === '{' ? 400 : 202)));
  const refused = answers.flatMap(({ status, body }, index) => (status === 400 ? [[index, body.request_id]] : []));
  expect(refused).toEqual([0, 5, 10, 15, 20, 25, 30, 35, 40, 45].map((index) => [index, `request-${index}`]));
  const reads = answers.map(({ body }, index) => ({ method: 'GET', project: `p-${index % 2}`, path: pathOf(body.id) }));
  const found = await callHop(otp.url, reads as Parameters<typeof callHop>[1]);
  expect(found.map(({ status }) => status)).toEqual(answers.map(({ status }) => (status === 202 ? 200 : 404)));
  const [foreign] = await callHop(otp.url, [{ method: 'GET', project: 'p-0', path: pathOf(answers[1]?.body.id) }]);
  expect(foreign?.status).toBe(404);
});

const pathOf = (id: unknown, verb = '') => `/v1/verifications/${String(id)}${verb}`;

test('each answer is what its contract says, no field more', async () => {
  const post = { method: 'POST', body: '{}' } as const;
  const body = bodyOf();
  const [opened] = await callHop(otp.url, [{ body }]);
  const id = opened?.body.id;
  const guess = JSON.stringify({ code: '000000' });
  const answers = [
    opened,
    ...(await callHop(otp.url, [{ ...post, path: pathOf(id, '/resend') }])),
    ...(await callHop(otp.url, [{ ...post, path: pathOf(id, '/check'), body: guess }])),
    ...(await callHop(otp.url, [
      { path: '/v1/verifications/check', body: JSON.stringify({ ...JSON.parse(body), code: '000000' }) },
    ])),
    ...(await callHop(otp.url, [{ ...post, path: pathOf(id, '/cancel') }])),
    ...(await callHop(otp.url, [{ method: 'GET', path: pathOf(id) }])),
    ...(await callHop(otp.url, [{ method: 'GET', path: pathOf(id, '/timeline') }])),
    ...(await callHop(otp.url, [{ method: 'GET', path: JWKS_PATH }])),
    ...(await callHop(otp.url, [{ path: '/v1/tokens/consume', body: '{"token":"x"}' }])),
    ...(await callHop(otp.url, [{ path: '/v1/nothing' }])),
  ];
  const accepted = acceptedVerificationSchema.strict();
  const judged = judgedCheckSchema.strict();
  const state = verificationSchema.strict();
  const problem = problemSchema.strict();
  const schemas: z.ZodType[] = [
    accepted,
    accepted,
    judged,
    judged,
    state,
    state,
    timelineSchema,
    jwksSchema.strict(),
    problem,
    problem,
  ];
  expect(answers.map((answer) => answer?.status)).toEqual([202, 202, 200, 200, 200, 200, 200, 200, 422, 404]);
  for (const [index, answer] of answers.entries()) expect(schemas[index]?.parse(answer?.body)).toEqual(answer?.body);
  expect(answers.map((answer) => answer?.contentType.split(';')[0])).toEqual([
    ...Array(8).fill('application/json'),
    ...Array(2).fill('application/problem+json'),
  ]);
});

test('a mistake in a body is named by its JSON Pointer, and a limit carries Retry-After', async () => {
  const [mistaken] = await callHop(otp.url, [{ body: JSON.stringify({ to: '+14155550123', client: { ip: 'x' } }) }]);
  expect(mistaken).toMatchObject({ status: 400, body: { errors: [{ pointer: '/client/ip' }] } });
  const body = bodyOf();
  let last: Awaited<ReturnType<typeof callHop>>[number] | undefined;
  for (let sends = 0; sends < 6; sends += 1) [last] = await callHop(otp.url, [{ body }]);
  expect(last?.status).toBe(429);
  expect(last?.retryAfter).toBe(String(last?.body.retry_after_s));
});

test('each call is logged and counted by its own route, and the batch is not', async () => {
  lines.length = 0;
  await callHop(otp.url, [
    { requestId: 'logged-1', body: bodyOf() },
    { requestId: 'logged-2', method: 'GET', path: pathOf('ver_none') },
    { requestId: 'logged-3', method: 'GET', path: '/odd/path' },
  ]);
  const requests = lines
    .filter(({ msg }) => msg === 'request')
    .map(({ requestId, route, method, status }) => ({ requestId, route, method, status }));
  expect(requests).toHaveLength(3);
  expect(requests).toEqual(
    expect.arrayContaining([
      { requestId: 'logged-1', route: '/v1/verifications', method: 'POST', status: 202 },
      { requestId: 'logged-2', route: '/v1/verifications/:id', method: 'GET', status: 404 },
      { requestId: 'logged-3', route: 'unmatched', method: 'GET', status: 404 },
    ]),
  );
  const metrics = await (await fetch(`${otp.adminUrl}/metrics`)).text();
  expect(metrics).toMatch(/http_request_duration_seconds_count\{.*route="\/v1\/verifications\/:id",.*status="404".*\}/);
  expect(metrics).not.toMatch(/route="\/hop",.*status="200"/);
});

test('unsigned, under another key, or with anything changed after signing, a batch is refused whole', async () => {
  const first = toCall({ path: '/v1/verifications', body: bodyOf() });
  const second = toCall({ path: '/v1/verifications', body: bodyOf() });
  const batch = JSON.stringify([first, second]);
  const foreign = createHopSigner(new Secret(Buffer.alloc(32)));
  const refused = [
    [batch, ''],
    [batch, foreign(batch)],
    [batch, sign(batch).slice(1)],
    [batch.replace('p-hop', 'p-hip'), sign(batch)],
    [JSON.stringify([first, { ...second, mode: 'live' }]), sign(batch)],
    [JSON.stringify([first, { ...second, deadline: second.deadline + 60_000 }]), sign(batch)],
    [JSON.stringify([first]), sign(batch)],
    [JSON.stringify([second, first]), sign(batch)],
  ] as const;
  for (const [changed, signature] of refused) {
    const response = await postBatch(otp.url, changed, signature);
    expect([response.status, await response.json()]).toMatchObject([401, { code: 'unauthenticated' }]);
  }
  expect((await fetch(otp.url + HOP_PATH, { method: 'POST' })).status).toBe(401);
  expect((await fetch(`${otp.url}/v1/verifications`, { method: 'POST', body: first.body })).status).toBe(404);
  const [opened] = await callHop(otp.url, [first]);
  // Nothing was sent before.
  expect(opened?.body).toMatchObject({ sends_remaining: 4 });
});

test.each([
  ['no JSON', '{'],
  ['no array', '{}'],
  ['no call', '[]'],
  ['a call without a deadline', JSON.stringify([{ ...toCall({}), deadline: undefined }])],
  ['an unknown mode', JSON.stringify([{ ...toCall({}), mode: 'other' }])],
  ['too many calls', JSON.stringify(Array(257).fill(toCall({})))],
])('a signed batch that is none is refused whole: %s', async (_, batch) => {
  const response = await postBatch(otp.url, batch);
  expect([response.status, await response.json()]).toMatchObject([400, { code: 'invalid_request' }]);
});

test('more than a batch may have is refused before it is read', async () => {
  const headers = { 'content-type': 'application/json', 'content-length': 5 * 1024 * 1024 + 1 };
  const request = httpRequest(otp.url + HOP_PATH, { method: 'POST', headers, agent: false });
  request.flushHeaders();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  expect(response.statusCode).toBe(413);
  // Its body never comes, and it is cut off for that.
  request.on('error', () => undefined).destroy();
});

test('a call past its deadline is not carried out, and the others of its batch are', async () => {
  const body = bodyOf();
  const [late, other] = await callHop(otp.url, [{ body, deadline: Date.now() - 1_000 }, { body: bodyOf() }]);
  expect(late).toMatchObject({ status: 503, retryAfter: '1', body: { detail: 'The call came too late.' } });
  expect(other?.status).toBe(202);
  expect((await callHop(otp.url, [{ body }]))[0]?.body).toMatchObject({ sends_remaining: 4 });
});

test('answers come in lines, the quick ones first', async () => {
  const response = await postBatch(
    otp.url,
    JSON.stringify([toCall({ body: bodyOf() }), toCall({ method: 'GET', path: '/v1/nothing' })]),
  );
  expect(response.headers.get('content-type')).toBe(HOP_ANSWERS_TYPE);
  const [first, second] = (await response.text())
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  expect(first).toMatchObject([{ call: 1, status: 404 }]);
  expect(second).toMatchObject([{ call: 0, status: 202 }]);
});
