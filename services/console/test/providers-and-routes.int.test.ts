import { findLeaks } from '@watchword/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { made as madeBy, placesAtRest, refusal, startConsole, type TestConsole } from './console.fixture.ts';

let tested: TestConsole;
let project: string;
beforeAll(async () => {
  tested = await startConsole();
});
afterAll(() => tested.close());

const call: TestConsole['call'] = (method, path, body, options) =>
  tested.call(method, path, body, { project, ...options });
const made = (path: string, body: object) => madeBy(call, path, body);

const SANDBOX = { kind: 'twilio', mode: 'test' };
const LIVE = {
  kind: 'twilio',
  mode: 'live',
  settings: { account_sid: `AC${'1'.repeat(32)}`, from: '+15005550006' },
};

describe('providers and routes', () => {
  beforeAll(async () => void (project = await tested.project()));

  it.each([
    ['a live one without its settings', { kind: 'twilio', mode: 'live' }, '/settings/account_sid'],
    ['credentials of another kind', { ...SANDBOX, credentials: { api_secret: 'x' } }, '/credentials/api_secret'],
    ['a base URL', { ...SANDBOX, settings: { base_url: 'http://127.0.0.1' } }, '/settings/base_url'],
    ['a base URL beside the settings', { ...SANDBOX, base_url: 'http://127.0.0.1' }, '/base_url'],
  ])('refuses %s', async (_, fields, pointer) => {
    const answer = await call('POST', '/v1/providers', { name: 'Refused', ...fields });
    expect(refusal(answer)).toEqual([400, 'invalid_request', pointer]);
  });

  it('shows of credentials only which there are, and keeps them sealed everywhere', async () => {
    const secret = 'canary-of-credentials-1';
    const provider = await made('/v1/providers', { name: 'Live', ...LIVE, credentials: { auth_token: secret } });
    expect(provider).toMatchObject({ credentials_set: ['auth_token'], settings: LIVE.settings, status: 'enabled' });
    const next = 'canary-of-credentials-2';
    const change = { credentials: { auth_token: next }, cost_micros: { '*': 7_500, GB: 40_000 } };
    const changed = await call('PATCH', `/v1/providers/${provider.id}`, change, { ifMatch: '"1"' });
    expect([changed.status, changed.body.cost_micros]).toEqual([200, change.cost_micros]);
    const { body: audit } = await call('GET', `/v1/audit?resource_id=${provider.id}`);
    const answers = Buffer.from(JSON.stringify([provider, changed.body, audit]));
    const places = [['answers', answers], ...(await placesAtRest(tested))] as const;
    expect(places.filter(([, bytes]) => bytes.includes(provider.id)).length).toBeGreaterThan(2);
    expect(findLeaks([secret, next], places)).toEqual([]);
  });

  it('keeps a test key from all that makes a live one send, but not from draining it', async () => {
    const { id } = await made('/v1/providers', { name: 'Guarded', ...LIVE, credentials: { auth_token: 'made-up' } });
    const path = `/v1/providers/${id}`;
    const weak = { mode: 'test' as const, scopes: ['config:write' as const], ifMatch: '*' };
    const asks = (method: 'POST' | 'PATCH' | 'DELETE', at: string, body: object | undefined, options: object) =>
      call(method, at, body, { ...weak, ...options });
    const another = { name: 'Another', ...LIVE, credentials: { auth_token: 'made-up' } };
    const denied = [
      ['POST', '/v1/providers', another],
      ['PATCH', path, { name: 'Renamed' }],
      ['POST', `${path}/enable`, {}],
      ['DELETE', path, undefined],
    ] as const;
    expect((await asks('POST', `${path}/drain`, {}, {})).body.status).toBe('draining');
    for (const [method, at, body] of denied) {
      expect(refusal(await asks(method, at, body, {})), at).toEqual([403, 'insufficient_scope', '/mode']);
    }
    for (const [index, [method, at, body]] of denied.entries()) {
      const { status } = await asks(method, at, body, { mode: 'live' });
      expect(status, at).toBe([201, 200, 200, 204][index]);
    }
    expect((await asks('POST', '/v1/providers', { name: 'Sandbox', ...SANDBOX }, {})).status).toBe(201);
  });

  it('drains and enables without a version, and says so in the copy', async () => {
    const { id } = await made('/v1/providers', { name: 'Drained', ...SANDBOX });
    const isDraining = async () =>
      (await tested.copies.read(project, 'delivery')).config?.providers.find((one) => one.id === id)?.isDraining;
    expect((await call('POST', `/v1/providers/${id}/drain`, {})).body.status).toBe('draining');
    expect(await isDraining()).toBe(true);
    expect((await call('POST', `/v1/providers/${id}/enable`, {})).body.status).toBe('enabled');
    expect(await isDraining()).toBe(false);
  });

  it('routes to the project’s own providers only, and keeps one that a route names', async () => {
    const { id } = await made('/v1/providers', { name: 'Routed', ...SANDBOX });
    const own = project;
    project = await tested.project();
    const { id: foreign } = await made('/v1/providers', { name: 'Foreign', ...SANDBOX });
    project = own;
    for (const provider of ['prv_none', foreign]) {
      const answer = await call('POST', '/v1/routes', { providers: [{ provider }] });
      expect(refusal(answer)).toEqual([422, 'no_route', '/providers/0/provider']);
    }
    const wrong = await call('POST', '/v1/routes', { channel: 'email', providers: [{ provider: id }] });
    expect(refusal(wrong)).toEqual([422, 'no_route', '/providers/0/provider']);
    const route = await made('/v1/routes', { providers: [{ provider: id, weight: 3 }] });
    const kept = await call('DELETE', `/v1/providers/${id}`, undefined, { ifMatch: '*' });
    expect([kept.status, kept.body.code]).toEqual([409, 'in_use']);
    expect((await call('DELETE', `/v1/routes/${route.id}`, undefined, { ifMatch: '*' })).status).toBe(204);
    expect((await call('DELETE', `/v1/providers/${id}`, undefined, { ifMatch: '*' })).status).toBe(204);
  });

  it('finds the route of a number: the longest prefix, then the country, then any', async () => {
    const { id: a } = await made('/v1/providers', { name: 'A', ...SANDBOX });
    const { id: b } = await made('/v1/providers', { name: 'B', ...LIVE, credentials: { auth_token: 'made-up' } });
    for (const match of ['*', 'GB', '+447', '+447911']) {
      await made('/v1/routes', { match, providers: [{ provider: a, weight: 1 }, { provider: b }] });
    }
    const matchOf = async (to: string) => (await call('POST', '/v1/routes/simulate', { to })).body.match;
    expect(await Promise.all(['+33612345678', '+442079460000', '+447400123456', '+447911123456'].map(matchOf))).toEqual(
      ['*', 'GB', '+447', '+447911'],
    );
    const { body } = await call('POST', '/v1/routes/simulate', { to: '+33612345678' });
    expect(body.providers.map((one) => one.is_used)).toEqual([true, false]);
    expect(refusal(await call('POST', '/v1/routes/simulate', { to: '0612' }))).toEqual([
      422,
      'invalid_destination',
      '/to',
    ]);
  });

  it('routes e-mail and push by their own providers, without a country', async () => {
    const { id: relay } = await made('/v1/providers', { name: 'Relay', kind: 'smtp', mode: 'test' });
    await made('/v1/routes', { channel: 'email', providers: [{ provider: relay }] });
    const simulated = async (body: object) => (await call('POST', '/v1/routes/simulate', body)).body;
    expect(await simulated({ to: 'Ann@example.com' })).toMatchObject({
      source: 'project',
      channel: 'email',
      match: '*',
      country: null,
      providers: [{ id: relay, is_used: true }],
    });
    expect(await simulated({ to: 'fcm-device-token:1234567890' })).toMatchObject({
      source: 'platform',
      channel: 'push',
      country: null,
    });
    expect(await simulated({ to: '+33612345678', channel: 'voice' })).toMatchObject({
      channel: 'voice',
      country: 'FR',
    });
    for (const body of [
      { to: '+33612345678', channel: 'email' },
      { to: 'ann@example.com', channel: 'sms' },
      { to: 'ann@' },
    ]) {
      expect(refusal(await call('POST', '/v1/routes/simulate', body))).toEqual([422, 'invalid_destination', '/to']);
    }
    for (const [channel, match] of [
      ['email', 'GB'],
      ['push', '+44'],
    ]) {
      const answer = await call('POST', '/v1/routes', { channel, match, providers: [{ provider: relay }] });
      expect(refusal(answer)).toEqual([400, 'invalid_request', '/match']);
    }
  });

  it('keeps the last provider of a workflow’s channel', async () => {
    const bare = await startConsole({ env: { SMS_PROVIDERS: 'none' } });
    try {
      const { body: provider } = await bare.call('POST', '/v1/providers', { name: 'Only', ...SANDBOX });
      const rules = { workflow: [{ channel: 'sms' }] };
      expect((await bare.call('POST', '/v1/policies', { purpose: 'login', rules })).status).toBe(201);
      const kept = await bare.call('DELETE', `/v1/providers/${provider.id}`, undefined, { ifMatch: '*' });
      expect([kept.status, kept.body.code]).toEqual([409, 'in_use']);
    } finally {
      await bare.close();
    }
  });
});
