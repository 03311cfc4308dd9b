import { noteKeysUsed } from '@watchword/platform';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refusal, startConsole, type TestConsole } from './console.fixture.ts';

let tested: TestConsole;
let project: string;
beforeAll(async () => {
  tested = await startConsole();
  project = await tested.project();
});
afterAll(() => tested.close());

const call: TestConsole['call'] = (method, path, body, options) =>
  tested.call(method, path, body, { project, ...options });
const KEY = { name: 'Shop', mode: 'test', scopes: ['verifications:write', 'verifications:read'] };
const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();
const published = async () => (await tested.copies.read(project, 'access')).config?.keys ?? [];

async function make(fields: object = {}) {
  const { status, body } = await call('POST', '/v1/keys', { ...KEY, ...fields });
  expect(status, JSON.stringify(body)).toBe(201);
  return body;
}

describe('keys', () => {
  it('shows a key once, and never again', async () => {
    const made = await make();
    expect(made).toMatchObject({ ...KEY, project, status: 'valid', created_by: 'root', last_used_at: null });
    expect(made.key.startsWith(made.hint)).toBe(true);
    const answers = [
      await call('GET', `/v1/keys/${made.id}`),
      await call('GET', '/v1/keys?limit=200'),
      await call('GET', `/v1/audit?resource_id=${made.id}`),
    ];
    for (const { status, body } of answers) {
      expect(status).toBe(200);
      expect(JSON.stringify(body)).toContain(made.id);
      expect(JSON.stringify(body)).not.toContain(made.key);
    }
  });

  it('makes the first key of a platform that nobody has asked anything yet', async () => {
    const fresh = await startConsole();
    try {
      const { status, body } = await fresh.call('POST', '/v1/keys', KEY);
      expect([status, body.project]).toEqual([201, 'default']);
      const keys = (await fresh.copies.read('default', 'access')).config?.keys ?? [];
      expect(keys.map(({ id }) => id)).toContain(body.id);
    } finally {
      await fresh.close();
    }
  });

  it.each([
    ['a scope that the caller lacks', { scopes: ['config:write'] }, '/scopes'],
    ['live mode to a test key', { mode: 'live' }, '/mode'],
    ['another project to a key that has no scope platform', { project: 'default' }, '/project'],
  ])('does not grant %s', async (_, fields, pointer) => {
    const scopes = ['keys:write', 'verifications:write', 'verifications:read'] as const;
    const { status, body } = await call('POST', '/v1/keys', { ...KEY, ...fields }, { scopes: [...scopes] });
    expect([status, body.code, body.errors?.[0]?.pointer]).toEqual([403, 'insufficient_scope', pointer]);
  });

  it('does not give a strong key to whoever may only make weak ones, by rotating it', async () => {
    const strong = await make({ scopes: ['config:write', 'platform'] });
    const { status, body } = await call('POST', `/v1/keys/${strong.id}/rotate`, {}, { scopes: ['keys:write'] });
    expect([status, body.code]).toEqual([403, 'insufficient_scope']);
  });

  describe('of a stronger key', () => {
    const soon = new Date(Date.now() + 600_000).toISOString();
    const weak = ['keys:write', 'verifications:read', 'verifications:write'] as const;
    const patch = async (fields: object, change: object, options: object) => {
      const { id } = await make({ expires_at: inAnHour(), ...fields });
      return call('PATCH', `/v1/keys/${id}`, change, { scopes: [...weak], ifMatch: '*', ...options });
    };
    const stronger = [
      ['with a scope more', { scopes: ['config:write'] }, {}],
      ['of mode live', { mode: 'live' }, {}],
      ['with scope platform', { scopes: ['platform'] }, { mode: 'live' }],
    ] as const;
    const longer = [
      ['a later end', { expires_at: '2999-01-01T00:00:00Z' }, '/expires_at'],
      ['no end', { expires_at: null }, '/expires_at'],
      ['another name', { name: 'Trusted' }, '/name'],
      ['another name beside a sooner end', { name: 'Trusted', expires_at: soon }, '/name'],
    ] as const;

    it.each(stronger.flatMap(([of, ...key]) => longer.map(([to, ...change]) => [to, of, key, change] as const)))(
      'does not give %s to one %s',
      async (_to, _of, [fields, options], [change, pointer]) => {
        expect(refusal(await patch(fields, change, options))).toEqual([403, 'insufficient_scope', pointer]);
      },
    );

    it.each(stronger)('lets one %s end sooner, and revokes it', async (_, fields, options) => {
      const { status, body } = await patch(fields, { expires_at: soon }, options);
      expect([status, body.status]).toEqual([200, 'valid']);
      const gone = { scopes: [...weak], ifMatch: '*', ...options };
      expect((await call('DELETE', `/v1/keys/${body.id}`, undefined, gone)).status).toBe(204);
    });

    it.each(longer)('gives %s to one that the caller could have made', async (_, change) => {
      expect((await patch({}, change, {})).status).toBe(200);
    });
  });

  describe('of another project', () => {
    const platform = { project: 'default' };

    it('are read, changed, rotated and revoked by the platform, and audited where they belong', async () => {
      const { id } = await make();
      const path = `/v1/keys/${id}`;
      expect((await call('GET', path, undefined, platform)).body).toMatchObject({ id, project });
      const change = { name: 'Found' };
      expect((await call('PATCH', path, change, { ...platform, ifMatch: '"1"' })).body).toMatchObject(change);
      const next = await call('POST', `${path}/rotate`, {}, platform);
      expect([next.status, next.body.project]).toEqual([201, project]);
      expect((await call('DELETE', path, undefined, { ...platform, ifMatch: '*' })).status).toBe(204);
      expect((await published()).map((key) => key.id)).not.toContain(id);
      const { body } = await call('GET', `/v1/audit?resource_id=${id}`);
      expect(body.items.map(({ action }) => action)).toEqual(['key.revoke', 'key.replace', 'key.change', 'key.create']);
    });

    it('are listed when the platform names it, and nobody else', async () => {
      const { id } = await make({ name: 'Listed' });
      const path = `/v1/keys?limit=200&project=${project}`;
      const { body } = await call('GET', path, undefined, platform);
      expect(body.items.map((key) => key.id)).toContain(id);
      const refused = await call('GET', path, undefined, { ...platform, scopes: ['keys:write'] });
      expect(refusal(refused)).toEqual([403, 'insufficient_scope', '/project']);
      expect((await call('GET', '/v1/keys?project=prj_none', undefined, platform)).status).toBe(404);
    });

    it.each(['GET', 'PATCH', 'DELETE'] as const)('are none to %s without scope platform', async (method) => {
      const { id } = await make();
      const stranger = { ...platform, scopes: ['keys:write', 'config:write'] as const, ifMatch: '*' };
      const body = method === 'PATCH' ? {} : undefined;
      const answer = await call(method, `/v1/keys/${id}`, body, { ...stranger, scopes: [...stranger.scopes] });
      expect([answer.status, answer.body.code]).toEqual([404, 'not_found']);
    });
  });

  it('take a time of whatever zone as their end', async () => {
    const made = await make({ expires_at: '2999-01-01T02:00:00+02:00' });
    expect(made.expires_at).toBe('2999-01-01T00:00:00.000Z');
  });

  it.each([
    ['no scope', { scopes: [] }, '/scopes'],
    ['a scope twice', { scopes: ['platform', 'platform'] }, '/scopes'],
    ['an end in the past', { expires_at: '2020-01-01T00:00:00Z' }, '/expires_at'],
    ['a name too long', { name: 'n'.repeat(65) }, '/name'],
    ['an unknown field', { hash: 'x' }, '/hash'],
  ])('refuses %s', async (_, fields, pointer) => {
    const { status, body } = await call('POST', '/v1/keys', { ...KEY, ...fields });
    expect([status, body.code, body.errors?.[0]?.pointer]).toEqual([400, 'invalid_request', pointer]);
  });

  it('keeps both keys valid while they overlap', async () => {
    const old = await make();
    const before = Date.now();
    const { status, body: next } = await call('POST', `/v1/keys/${old.id}/rotate`, { overlap_seconds: 600 });
    expect(status).toBe(201);
    expect(next).toMatchObject({ ...KEY, status: 'valid', expires_at: null });
    expect(next.key).not.toBe(old.key);
    const keys = new Map((await published()).map((key) => [key.id, key]));
    expect(keys.get(next.id)?.expiresAt).toBeNull();
    const end = keys.get(old.id)?.expiresAt ?? 0;
    expect(Math.abs(end - before - 600_000)).toBeLessThan(30_000);
    const { body: replaced } = await call('GET', `/v1/keys/${old.id}`);
    expect([replaced.replaced_by, replaced.status]).toEqual([next.id, 'valid']);
    const again = await call('POST', `/v1/keys/${old.id}/rotate`, {});
    expect([again.status, again.body.code]).toEqual([409, 'not_active']);
  });

  it('lets one of two rotations at once win, and leaves no key behind that nobody has', async () => {
    const own = await tested.project();
    const old = await make({ project: own });
    const answers = await Promise.all(
      [0, 1].map(() => call('POST', `/v1/keys/${old.id}/rotate`, {}, { project: own })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201, 409]));
    const { body } = await call('GET', '/v1/keys', undefined, { project: own });
    const valid = body.items.filter(({ status }) => status === 'valid');
    const next = answers.find(({ status }) => status === 201)?.body.id;
    expect(new Set(valid.map(({ id }) => id))).toEqual(new Set([old.id, next]));
  });

  it('ends the old key at once without an overlap', async () => {
    const old = await make();
    const { body: next } = await call('POST', `/v1/keys/${old.id}/rotate`, { overlap_seconds: 0 });
    const ids = new Set((await published()).map(({ id }) => id));
    expect([ids.has(old.id), ids.has(next.id)]).toEqual([false, true]);
  });

  it('changes name and end of a key, and nothing of a revoked one', async () => {
    const made = await make();
    const end = inAnHour();
    const change = { name: 'Till', expires_at: end };
    const changed = await call('PATCH', `/v1/keys/${made.id}`, change, { ifMatch: '"1"' });
    expect(changed.body).toMatchObject({ ...change, version: 2 });
    expect((await published()).find(({ id }) => id === made.id)?.expiresAt).toBe(Date.parse(end));
    const revoked = await call('DELETE', `/v1/keys/${made.id}`, undefined, { ifMatch: '"2"' });
    expect(revoked.status).toBe(204);
    expect((await call('GET', `/v1/keys/${made.id}`)).body.status).toBe('revoked');
    for (const method of ['PATCH', 'DELETE'] as const) {
      const answer = await call(method, `/v1/keys/${made.id}`, method === 'PATCH' ? change : undefined, {
        ifMatch: '*',
      });
      expect([answer.status, answer.body.code]).toEqual([409, 'not_active']);
    }
  });

  it('says when a key was used last', async () => {
    const made = await make();
    const at = Date.now() - 5_000;
    await noteKeysUsed(tested.redis, project, new Map([[made.id, at]]));
    expect((await call('GET', `/v1/keys/${made.id}`)).body.last_used_at).toBe(new Date(at).toISOString());
  });

  it('pages through the keys in the order in which they were made', async () => {
    const own = await tested.project();
    const ids: string[] = [];
    for (let index = 0; index < 5; index += 1) ids.push((await make({ project: own })).id);
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const { body } = await call('GET', `/v1/keys?limit=2${query}`, undefined, { project: own });
      seen.push(...body.items.map(({ id }) => id));
      cursor = body.next_cursor;
    }
    expect(seen).toEqual(ids);
  });

  it('has room for a hundred valid keys, of which a revoked one is none', async () => {
    const own = await tested.project();
    let last = '';
    for (let index = 0; index < 100; index += 1) last = (await make({ project: own })).id;
    const full = await call('POST', '/v1/keys', KEY, { project: own });
    expect([full.status, full.body.code]).toEqual([409, 'limit_reached']);
    await call('DELETE', `/v1/keys/${last}`, undefined, { project: own, ifMatch: '*' });
    await make({ project: own });
  });
});
