import { afterAll, beforeAll, expect, test } from 'vitest';
import { startConsole, type TestConsole } from './console.fixture.ts';

// What callers read when a request is not valid: each field once, and what would do.

let tested: TestConsole;
beforeAll(async () => {
  tested = await startConsole();
});
afterAll(() => tested.close());

const KEY = { name: 'Shop', mode: 'test', scopes: ['verifications:read'] };
const PROVIDER = { name: 'Sandbox', kind: 'twilio', mode: 'test' };
const TIME = 'must be a time of RFC 3339, e.g. 2026-11-20T08:00:00Z';

test.each<[string, object, string, string]>([
  ['/v1/keys', { ...KEY, scopes: 'config:read' }, '/scopes', 'Invalid input: expected array, received string'],
  ['/v1/keys', { ...KEY, expires_at: 'tomorrow' }, '/expires_at', TIME],
  ['/v1/keys', { ...KEY, expires_at: '2999-01-01T00:00:00' }, '/expires_at', TIME],
  [
    '/v1/providers',
    { ...PROVIDER, cost_micros: { zz: 1 } },
    '/cost_micros/zz',
    'must be two capital letters (ISO 3166-1), a calling code such as +1, or *',
  ],
])('%s with %j', async (path, body, pointer, detail) => {
  const answer = await tested.call('POST', path, body);
  expect([answer.status, answer.body.errors]).toEqual([400, [{ pointer, detail }]]);
});

test.each(['0x10', '1e1', '%205', '5%20', '0', '201', '1.5', '-1', ''])('a page has no %s entries', async (limit) => {
  const { status, body } = await tested.call('GET', `/v1/policies?limit=${limit}`);
  const detail = 'must be one whole number from 1 to 200';
  expect([status, body.errors]).toEqual([400, [{ pointer: '/limit', detail }]]);
});

test('nothing is at the path of an empty id', async () => {
  const { status, body } = await tested.call('GET', '/v1/keys/');
  expect([status, body.code]).toEqual([404, 'not_found']);
});

test.each([
  [1, 'A project has this plan.'],
  [2, '2 projects have this plan.'],
])('a plan that %d projects have stays', async (count, detail) => {
  const { body: plan } = await tested.call('POST', '/v1/plans', { name: 'Small', monthly_sends: 5 });
  for (let made = 0; made < count; made += 1) await tested.project({ plan: plan.id });
  const kept = await tested.call('DELETE', `/v1/plans/${plan.id}`, undefined, { ifMatch: '*' });
  expect([kept.body.code, kept.body.detail]).toEqual(['in_use', detail]);
});
