import { type ManagedCall, SCOPES, type Scope } from '@watchword/contracts';
import { type Platform, startPlatform } from '@watchword/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AnswerBody } from './console.fixture.ts';
import { CASES, type CallCase, pathOf, RESOURCES, type Things, TOUR } from './tour.fixture.ts';

// The management API as callers have it: through the gateway, with keys of two projects.

interface Call {
  readonly key?: string;
  readonly body?: unknown;
  readonly ifMatch?: string;
}

let platform: Platform;
/** Of the project whose things are there, and of one that has nothing. */
let owner: { project: string; key: string; things: Things };
let stranger: { project: string; key: string };

beforeAll(async () => {
  platform = await startPlatform({ env: { MANAGEMENT_CALLS_PER_15_MIN: '0' } });
  owner = { ...(await makeProject('Owner')), things: {} };
  stranger = await makeProject('Stranger');
  const things: Record<string, string> = { project: owner.project };
  for (const [name, { path, create }] of Object.entries(RESOURCES)) {
    things[name] = (await must(201, 'POST', path, { key: owner.key, body: create(things) })).id;
  }
  things.plan = (await must(201, 'POST', '/v1/plans', { body: { name: 'Free', monthly_sends: 10 } })).id;
  owner = { ...owner, things };
});
afterAll(() => platform?.stop());

async function call(method: string, path: string, { key = platform.file.apiKey, body, ifMatch }: Call = {}) {
  const response = await fetch(platform.file.gateway + path, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const parsed = JSON.parse(text || 'null') as AnswerBody;
  return { status: response.status, etag: response.headers.get('etag'), body: parsed };
}

async function must(status: number, method: string, path: string, options: Call = {}) {
  const answer = await call(method, path, options);
  expect(answer.status, `${method} ${path}: ${JSON.stringify(answer.body)}`).toBe(status);
  return answer.body;
}

/** With a key that may do all within the project. */
async function makeProject(name: string) {
  const { id: project } = await must(201, 'POST', '/v1/projects', { body: { name } });
  const { key } = await makeKey(
    project,
    SCOPES.filter((scope) => scope !== 'platform'),
  );
  return { project, key };
}

async function makeKey(project: string, scopes: readonly Scope[]): Promise<{ id: string; key: string }> {
  return must(201, 'POST', '/v1/keys', { body: { name: 'Tour', mode: 'test', scopes, project } });
}

it('has a case for each call', () => {
  expect(TOUR.filter(([, , found]) => found === undefined).map(([name]) => name)).toEqual([]);
  expect(TOUR.length).toBe(Object.keys(CASES).length);
});

describe('a key without the scope of a call', () => {
  const keys = new Map<string, string>();
  const needOf = ({ scope, orScope }: ManagedCall) => [scope, orScope].join();
  beforeAll(async () => {
    for (const [, made] of TOUR) {
      if (keys.has(needOf(made))) continue;
      const needed: (Scope | undefined)[] = [made.scope, made.orScope];
      // Who may change the configuration may read it.
      if (needed.includes('config:read')) needed.push('config:write');
      const others = SCOPES.filter((one) => !needed.includes(one));
      keys.set(needOf(made), (await makeKey(owner.project, others)).key);
    }
  });

  it.each(TOUR)('cannot make %s, whatever else it may do', async (_, made, found) => {
    const key = keys.get(needOf(made)) ?? '';
    const body = found?.body?.(owner.things);
    const answer = await call(made.method, pathOf(made, found as CallCase, owner.things), { key, body, ifMatch: '*' });
    expect([answer.status, answer.body.code]).toEqual([403, 'insufficient_scope']);
  });
});

it('a key that may make keys may see them, one that may read configuration too', async () => {
  for (const scope of ['keys:write', 'config:read'] as const) {
    const { id, key } = await makeKey(owner.project, [scope]);
    const { items } = await must(200, 'GET', '/v1/keys?limit=200', { key });
    expect(items.map((one) => one.id)).toContain(id);
    await must(200, 'GET', `/v1/keys/${id}`, { key });
  }
});

it('a limit given twice is refused by what it must be, and an empty id is nowhere', async () => {
  const twice = await must(400, 'GET', '/v1/keys?limit=1&limit=2');
  expect(twice.errors).toEqual([{ pointer: '/limit', detail: 'must be one whole number from 1 to 200' }]);
  await must(404, 'GET', '/v1/keys/');
});

describe('another project’s key', () => {
  const named = TOUR.filter(([, , found]) => found?.belongs === 'project' && found.of !== undefined);
  it.each(named)('gets 404 from %s', async (_, made, found) => {
    const body = found?.body?.(owner.things);
    const path = pathOf(made, found as CallCase, owner.things);
    const answer = await call(made.method, path, { key: stranger.key, body, ifMatch: '*' });
    expect([answer.status, answer.body.code]).toEqual([404, 'not_found']);
  });

  const listing = TOUR.filter(([, made, found]) => found?.belongs === 'project' && made.path.split('/').length === 3);
  it.each(listing.filter(([, { method }]) => method === 'GET'))('sees nothing of the other in %s', async (_, made) => {
    const { body } = await call('GET', made.path, { key: stranger.key });
    for (const id of Object.values(owner.things)) expect(JSON.stringify(body)).not.toContain(`"${id}"`);
  });

  it('makes no key in another project, and no route to another project’s provider', async () => {
    const key = { ...RESOURCES.key.create(), project: owner.project };
    expect((await call('POST', '/v1/keys', { key: stranger.key, body: key })).status).toBe(403);
    const route = RESOURCES.route.create(owner.things);
    expect((await call('POST', '/v1/routes', { key: stranger.key, body: route })).status).toBe(422);
  });
});

describe('the life of a resource', () => {
  let own: { project: string; key: string };
  let things: Record<string, string>;
  beforeAll(async () => {
    own = await makeProject('Life');
    things = {};
    things.provider = (
      await must(201, 'POST', '/v1/providers', { key: own.key, body: RESOURCES.provider.create() })
    ).id;
  });

  it.each(Object.entries(RESOURCES))('%s: made, read, listed, changed, in conflict, deleted', async (name, spec) => {
    const { key } = own;
    const body = name === 'provider' ? { ...spec.create(things), name: 'Second' } : spec.create(things);
    const made = await call('POST', spec.path, { key, body });
    expect([made.status, made.etag], JSON.stringify(made.body)).toEqual([201, '"1"']);
    const path = `${spec.path}/${made.body.id}`;

    const read = await call('GET', path, { key });
    expect([read.status, read.etag]).toEqual([200, '"1"']);
    const { key: _, ...shown } = made.body;
    expect(read.body).toMatchObject({ ...shown, version: 1 });

    expect(await pagedIds(spec.path, key)).toContain(made.body.id);

    const change = spec.change(things);
    expect((await call('PATCH', path, { key, body: change })).status).toBe(428);
    expect((await call('PATCH', path, { key, body: change, ifMatch: '"9"' })).status).toBe(412);
    const changed = await call('PATCH', path, { key, body: change, ifMatch: '"1"' });
    expect([changed.status, changed.etag], JSON.stringify(changed.body)).toEqual([200, '"2"']);
    expect(changed.body).toMatchObject(spec.changed);

    expect((await call('DELETE', path, { key })).status).toBe(428);
    expect((await call('DELETE', path, { key, ifMatch: '"1"' })).status).toBe(412);
    const deleted = await call('DELETE', path, { key, ifMatch: '"2"' });
    expect([deleted.status, deleted.body]).toEqual([204, null]);
    // What is known of a revoked key stays readable.
    expect((await call('GET', path, { key })).status).toBe(name === 'key' ? 200 : 404);

    const { items } = await must(200, 'GET', `/v1/audit?resource_id=${made.body.id}`, { key });
    expect(items.map((entry) => entry.action.split('.')[1])).toEqual([
      name === 'key' ? 'revoke' : 'delete',
      'change',
      'create',
    ]);
  });

  it.each(['policy', 'template', 'route', 'list', 'provider'] as const)('%s: only one of its name', async (name) => {
    const { path, create } = RESOURCES[name];
    const body = create(owner.things);
    const again = await call('POST', path, { key: owner.key, body });
    expect([again.status, again.body.code]).toEqual([409, 'already_exists']);
  });

  it('a provider that a route names stays', async () => {
    const path = `/v1/providers/${owner.things.provider}`;
    const kept = await call('DELETE', path, { key: owner.key, ifMatch: '*' });
    expect([kept.status, kept.body.code]).toEqual([409, 'in_use']);
  });

  it('plan and project: made, changed, in use, deleted', async () => {
    const plan = await must(201, 'POST', '/v1/plans', { body: { name: 'Small', monthly_sends: 5 } });
    const project = await must(201, 'POST', '/v1/projects', { body: { name: 'Short', plan: plan.id } });
    expect((await call('DELETE', `/v1/plans/${plan.id}`, { ifMatch: '*' })).status).toBe(409);
    const path = `/v1/projects/${project.id}`;
    expect((await call('DELETE', path, { ifMatch: '*' })).status).toBe(409);
    const body = { status: 'suspended', plan: null };
    expect((await call('PATCH', path, { body, ifMatch: '"9"' })).status).toBe(412);
    await must(200, 'PATCH', path, { body, ifMatch: '"1"' });
    await must(204, 'DELETE', path, { ifMatch: '"2"' });
    await must(204, 'DELETE', `/v1/plans/${plan.id}`, { ifMatch: '"1"' });
    expect((await call('GET', path)).status).toBe(404);
  });
});

describe('what a change does at once', () => {
  it('a new key works at its first call, and a revoked one no more at its next', async () => {
    const { id, key } = await makeKey(owner.project, ['config:read', 'keys:write']);
    await must(200, 'GET', '/v1/project', { key });
    await must(204, 'DELETE', `/v1/keys/${id}`, { key: owner.key, ifMatch: '*' });
    expect((await call('GET', '/v1/project', { key })).status).toBe(401);
  });

  it('both keys of a rotation work, and without an overlap only the new one', async () => {
    const old = await makeKey(owner.project, ['config:read']);
    const all = await must(201, 'POST', '/v1/keys', {
      body: { name: 'Rotates', mode: 'test', scopes: SCOPES, project: owner.project },
    });
    const rotate = (id: string, seconds: number) =>
      must(201, 'POST', `/v1/keys/${id}/rotate`, { key: all.key, body: { overlap_seconds: seconds } });
    const next = await rotate(old.id, 60);
    await must(200, 'GET', '/v1/project', { key: old.key });
    await must(200, 'GET', '/v1/project', { key: next.key });
    const last = await rotate(next.id, 0);
    expect((await call('GET', '/v1/project', { key: next.key })).status).toBe(401);
    await must(200, 'GET', '/v1/project', { key: last.key });
  });

  it('a suspended project gets nothing', async () => {
    const { project, key } = await makeProject('Suspended');
    await must(200, 'PATCH', `/v1/projects/${project}`, { body: { status: 'suspended' }, ifMatch: '*' });
    const answer = await call('GET', '/v1/project', { key });
    expect([answer.status, answer.body.code]).toEqual([403, 'project_suspended']);
  });
});

/** Ids of the whole list, read in pages of one. */
async function pagedIds(path: string, key: string): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
    const page: AnswerBody = await must(200, 'GET', `${path}?limit=1${query}`, { key });
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.next_cursor;
  }
  expect(new Set(ids).size).toBe(ids.length);
  return ids;
}
