import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { MANAGEMENT_CALLS, type ManagedCall, problemSchema, SEARCH_CALLS } from '@watchword/contracts';
import { createConfigCopies, createLogger, type RedisConnection } from '@watchword/platform';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { connectTestRedis, issueKey, publishAccess } from './copies.fixture.ts';
import { startGateway, type TestGateway, type TestGatewayOptions } from './gateway.fixture.ts';
import { json } from './otp-stand-in.fixture.ts';

const ALL: readonly ManagedCall[] = [...MANAGEMENT_CALLS, ...SEARCH_CALLS];

let redis: RedisConnection;
let gateway: TestGateway;
beforeEach(async () => {
  redis = await connectTestRedis();
  await createConfigCopies(redis).markPublished();
  for (const name of await addressCounts()) await redis.del(name);
});
afterEach(async () => {
  await gateway.close();
  redis.disconnect();
});

async function addressCounts(): Promise<string[]> {
  const nodes = 'nodes' in redis ? redis.nodes('master') : [redis];
  return (await Promise.all(nodes.map((node) => node.keys('ww:{platform}:calls:*')))).flat();
}
const start = async (options: Partial<TestGatewayOptions> = {}) => {
  gateway = await startGateway({
    redisUrl: inject('redisUrl'),
    ...options,
    environment: { MANAGEMENT_CALLS_PER_15_MIN: '0', ...options.environment },
  });
};
const get = (path: string, options = {}) => gateway.call(path, { method: 'GET', ...options });

describe('a call of the console', () => {
  it('goes there and not to otp, with its query as it came, and the answer’s ETag comes back', async () => {
    await start();
    gateway.console.answer = (_, { answer }) =>
      answer({ status: 200, contentType: 'application/json', etag: '"7"', body: '{"items":[]}' });
    const answer = await get('/v1/projects?limit=10&cursor=a%2Bb');
    expect([answer.status, answer.headers.etag, answer.text]).toEqual([200, '"7"', '{"items":[]}']);
    expect(gateway.console.calls[0]).toMatchObject({
      method: 'GET',
      path: '/v1/projects?limit=10&cursor=a%2Bb',
      body: '',
      context: { project: gateway.project, key: 'root', operation: '' },
    });
    expect(gateway.otp.calls).toEqual([]);
  });

  it('that changes something needs If-Match, which is handed on', async () => {
    await start();
    const body = { status: 'suspended' };
    const missing = await gateway.call('/v1/projects/prj_1', { method: 'PATCH', body });
    expect([missing.status, missing.body.code]).toEqual([428, 'precondition_required']);
    expect(missing.body.detail).toContain('If-Match');
    const headers = { 'if-match': '"3"' };
    expect((await gateway.call('/v1/projects/prj_1', { method: 'PATCH', body, headers })).status).toBe(202);
    expect(gateway.console.calls[0]).toMatchObject({ method: 'PATCH', context: { ifMatch: '"3"' } });
  });

  it('says that a picture is wanted only where there is one, and only when it is named', async () => {
    await start();
    const svg = '<svg xmlns="http://www.w3.org/2000/svg"/>';
    gateway.console.answer = (_, { answer }) => answer({ status: 200, contentType: 'image/svg+xml', body: svg });
    const pairing = '/v1/providers/x/pairing';
    const asks = (path: string, accept: string) => get(path, { headers: { accept } });
    const shown = await asks(pairing, 'image/png, Image/SVG+xml;q=0.8');
    expect([shown.status, shown.headers['content-type'], shown.text]).toEqual([200, 'image/svg+xml', svg]);
    expect(shown.headers['cache-control']).toBe('no-store');
    for (const accept of ['*/*', 'application/json', 'image/svg+xml;q=0', 'image/svg+xmlx'])
      await asks(pairing, accept);
    await asks('/v1/providers/x', 'image/svg+xml');
    const wanted = gateway.console.calls.map(({ context }) => context.accept);
    expect(wanted).toEqual(['image/svg+xml', ...Array.from({ length: 5 }, () => undefined)]);
  });

  it('that is done without a word is a 204 without a body', async () => {
    await start();
    gateway.console.answer = (_, { answer }) => answer({ status: 204, contentType: 'application/json', body: '' });
    const answer = await gateway.call('/v1/projects/prj_1', { method: 'DELETE', headers: { 'if-match': '*' } });
    expect([answer.status, answer.text, answer.headers['content-type']]).toEqual([204, '', undefined]);
  });

  it('needs its scope, each one, and refuses a query that it does not know', async () => {
    await start();
    const project = `p${randomUUID()}`;
    const none = issueKey({ scopes: [] });
    const keys = new Map(ALL.map(({ scope }) => [scope, issueKey({ scopes: [scope] })]));
    await publishAccess(redis, project, { keys: [none, ...keys.values()] });
    for (const { method, path: pattern, scope, body, operationId } of ALL) {
      const path = pattern.replaceAll(/:\w+/g, 'x');
      const options = { method, headers: { 'if-match': '*' }, ...(body && { body: '{}' }) };
      const apiKey = keys.get(scope)?.text ?? '';
      const refused = await gateway.call(path, { ...options, apiKey: none.text });
      expect([refused.status, refused.body.code], operationId).toEqual([403, 'insufficient_scope']);
      expect(refused.body.detail, operationId).toContain(scope);
      gateway.console.calls.length = 0;
      const unknown = await gateway.call(`${path}?nobody_knows=secret`, { ...options, apiKey });
      expect([unknown.status, unknown.text], operationId).toEqual([400, expect.not.stringContaining('secret')]);
      expect(gateway.console.calls, operationId).toEqual([]);
      // Its body or its query may lack something, which the schema says; the key is not what is wrong.
      expect([202, 400], operationId).toContain((await gateway.call(path, { ...options, apiKey })).status);
    }
  });

  it('takes bodies up to 256 KiB, of which otp’s calls would take none', async () => {
    await start();
    const body = (bytes: number) => JSON.stringify({ name: 'a' }).padEnd(bytes, ' ');
    const create = (bytes: number) => gateway.call('/v1/projects', { body: body(bytes) });
    expect((await create(256 * 1024)).status).toBe(202);
    const refused = await create(256 * 1024 + 1);
    expect([refused.status, refused.body.detail]).toEqual([413, 'A body may have at most 256 KiB.']);
    const ofOtp = await gateway.call('/v1/verifications', { body: body(16 * 1024 + 1) });
    expect([ofOtp.status, ofOtp.body.detail]).toEqual([413, 'A body may have at most 16 KiB.']);
  });

  it('that would spoil the batch it travels in is refused before it', async () => {
    await start();
    // Each field is as long as it may be, and three times that when it is encoded.
    const wide = (length: number) => '€'.repeat(length);
    const query = new URLSearchParams({ destination: wide(320), user_id: wide(128), cursor: wide(256) });
    const long = await get(`/v1/verifications?${query.toString()}`);
    expect([long.status, long.body.detail]).toEqual([400, expect.stringContaining('4096')]);
    const headers = { 'if-match': `"${'1'.repeat(300)}"` };
    expect((await gateway.call('/v1/projects/prj_1', { method: 'DELETE', headers })).status).toBe(400);
    expect(gateway.console.calls).toEqual([]);
  });

  it('leaves no query in the log', async () => {
    const lines: string[] = [];
    const destination = { write: (line: string) => void lines.push(line) };
    const logger = createLogger({ service: 'gateway', level: 'trace', destination });
    await start({ logger });
    await get('/v1/projects?cursor=swordfish');
    await get('/v1/projects?swordfish=1');
    await get('/v1/verifications/ver_1?destination=swordfish');
    expect(lines.length).toBeGreaterThan(2);
    expect(lines.join()).not.toContain('swordfish');
  });

  it('is a 503 for itself alone when the console is away; the gateway stays ready', async () => {
    await start();
    await gateway.console.close();
    const answer = await get('/v1/projects');
    expect([answer.status, answer.body.code]).toEqual([503, 'unavailable']);
    expect(answer.body.detail).toContain('console');
    const change = await gateway.call('/v1/projects/prj_1', { method: 'DELETE', headers: { 'if-match': '*' } });
    for (const { body } of [answer, change]) expect(body.detail).toContain('changed nothing');
    expect((await gateway.call('/v1/verifications', { body: { to: '+14155550123' } })).status).toBe(202);
    expect((await fetch(`${gateway.service.adminUrl}/readyz`)).status).toBe(200);
  });

  it('whose answer was lost says that nobody knows, when it may have changed something', async () => {
    await start();
    gateway.console.answer = (_, { response }) => response.destroy();
    const change = await gateway.call('/v1/projects/prj_1', { method: 'DELETE', headers: { 'if-match': '*' } });
    expect([change.status, change.body.detail]).toEqual([503, expect.stringContaining('not known')]);
    expect((await get('/v1/projects')).body.detail).toContain('changed nothing');
  });

  it('that is slow holds up no other, and has longer than they', async () => {
    await start({ managedInFlightMax: 3 });
    const held: (() => void)[] = [];
    gateway.console.answer = (_, reply) => void held.push(() => json(reply, 200, {}));
    const slow = Array.from({ length: 3 }, () => get('/v1/projects'));
    await expect.poll(() => held.length).toBe(3);
    expect((await get('/v1/projects')).status).toBe(503);
    expect((await gateway.call('/v1/verifications', { body: { to: '+14155550123' } })).status).toBe(202);
    // Longer than any call of otp may take.
    await delay(1_200);
    for (const release of held) release();
    expect(new Set((await Promise.all(slow)).map(({ status }) => status))).toEqual(new Set([200]));
  });
});

describe('management calls of an address', () => {
  const limited = { environment: { MANAGEMENT_CALLS_PER_15_MIN: '5' } };

  it('are bounded over all gateways, whatever a header says of the address', async () => {
    await start(limited);
    const other = await startGateway({ redisUrl: inject('redisUrl'), ...limited });
    const call = (one: TestGateway, index: number) =>
      one.call('/v1/projects', { method: 'GET', headers: { 'x-forwarded-for': `203.0.113.${index}` } });
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => call(index % 2 === 0 ? gateway : other, index)),
    );
    await other.close();
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(5);
    const refused = answers.find(({ status }) => status === 429);
    const problem = problemSchema.parse(refused?.body);
    expect(problem).toMatchObject({ code: 'rate_limited', limit: 'management_calls' });
    expect(Number(refused?.headers['retry-after'])).toBeGreaterThan(880);
    expect(Number(refused?.headers['retry-after'])).toBeLessThanOrEqual(900);
    expect(await addressCounts()).toHaveLength(1);
  });

  it('do not count sends, checks and searches, nor what has no key', async () => {
    await start(limited);
    for (let count = 0; count < 8; count += 1) {
      expect((await gateway.call('/v1/verifications', { body: { to: '+14155550123' } })).status).toBe(202);
      expect((await get('/v1/verifications')).status).toBe(202);
      expect((await get('/v1/projects', { headers: { authorization: 'Bearer x' } })).status).toBe(401);
    }
    expect((await get('/v1/projects')).status).toBe(202);
  });
});
