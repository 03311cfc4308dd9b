import { findLeaks } from '@watchword/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { made as madeBy, placesAtRest, refusal, startConsole, type TestConsole } from './console.fixture.ts';

let tested: TestConsole;
let project: string;
beforeAll(async () => {
  tested = await startConsole({ env: { EMAIL_PROVIDERS: 'none' } });
});
afterAll(() => tested.close());

const call: TestConsole['call'] = (method, path, body, options) =>
  tested.call(method, path, body, { project, ...options });
const made = (path: string, body: object) => madeBy(call, path, body);

describe('policies', () => {
  beforeAll(async () => void (project = await tested.project()));

  it('keeps one for a purpose, whose two names are one', async () => {
    const { purpose } = await made('/v1/policies', { purpose: 'verification', rules: {} });
    expect(purpose).toBe('registration');
    const again = await call('POST', '/v1/policies', { purpose: 'registration', rules: {} });
    expect([again.status, again.body.code]).toEqual([409, 'already_exists']);
  });

  it('names the step of a workflow that nobody carries', async () => {
    const workflow = [{ channel: 'sms', timeout_s: 30 }, { channel: 'email' }];
    const answer = await call('POST', '/v1/policies', { purpose: 'login', rules: { workflow } });
    expect(refusal(answer)).toEqual([422, 'no_route', '/rules/workflow/1/channel']);
    await made('/v1/policies', { purpose: 'login', rules: { workflow: workflow.slice(0, 1) } });
    await made('/v1/providers', { name: 'Relay', kind: 'smtp', mode: 'test' });
    await made('/v1/policies', { purpose: 'password_reset', rules: { workflow } });
  });

  it('refuses a workflow with a step that nothing ends, or that begins too late', async () => {
    const steps = (timeout_s?: number) => [
      { channel: 'sms', ...(timeout_s === undefined ? {} : { timeout_s }) },
      { channel: 'voice' },
    ];
    const refused = async (rules: object) => refusal(await call('POST', '/v1/policies', { purpose: 'never', rules }));
    const pointer = '/rules/workflow/0/timeout_s';
    expect(await refused({ on_unknown: 'wait', workflow: steps() })).toEqual([400, 'invalid_request', pointer]);
    expect(await refused({ code_ttl_seconds: 60, workflow: steps(36) })).toEqual([400, 'invalid_request', pointer]);
    await made('/v1/policies', {
      purpose: 'patient',
      rules: { on_unknown: 'wait', workflow: steps(35), code_ttl_seconds: 60 },
    });
    await made('/v1/policies', { purpose: 'brisk', rules: { on_unknown: 'resend', workflow: steps() } });
    const { config } = await tested.copies.read(project, 'sending');
    expect(config?.policies.patient).toMatchObject({ on_unknown: 'wait', workflow: steps(35) });
  });

  it('refuses rules out of bounds', async () => {
    const answer = await call('POST', '/v1/policies', { purpose: 'weak', rules: { code_length: 4 } });
    expect(refusal(answer)).toEqual([400, 'invalid_request', '/rules/code_length']);
  });
});

describe('conditional changes', () => {
  beforeAll(async () => void (project = await tested.project()));

  it('need a version, refuse another, and take any when told so', async () => {
    const { id } = await made('/v1/templates', { text: 'Your code is {{code}}' });
    const path = `/v1/templates/${id}`;
    const change = { text: '{{otp}} is your code' };
    expect((await call('PATCH', path, change)).body.code).toBe('precondition_required');
    expect((await call('DELETE', path)).status).toBe(428);
    expect((await call('PATCH', path, change, { ifMatch: '"2"' })).body.code).toBe('precondition_failed');
    const changed = await call('PATCH', path, change, { ifMatch: '"1"' });
    expect([changed.status, changed.etag, changed.body.version]).toEqual([200, '"2"', 2]);
    expect((await call('DELETE', path, undefined, { ifMatch: '"1"' })).status).toBe(412);
    expect((await call('DELETE', path, undefined, { ifMatch: '*' })).status).toBe(204);
    expect((await call('GET', path)).status).toBe(404);
  });

  it('hide another project’s things', async () => {
    const { id } = await made('/v1/templates', { text: 'Your code is {{code}}' });
    const other = { project: await tested.project(), ifMatch: '*' };
    const answers = [
      await call('GET', `/v1/templates/${id}`, undefined, other),
      await call('PATCH', `/v1/templates/${id}`, { text: '{{code}}' }, other),
      await call('DELETE', `/v1/templates/${id}`, undefined, other),
    ];
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404]);
  });
});

describe('lists', () => {
  beforeAll(async () => void (project = await tested.project()));

  it('keeps numbers sealed, and shows them only to whoever may change them', async () => {
    const entries = ['+447900111222', '+33612345678', '+4479*'];
    const list = await made('/v1/lists', { name: 'Blocked', kind: 'block', entries });
    expect(list).toMatchObject({ size: 3 });
    expect(JSON.stringify(list)).not.toContain('447900111222');
    const first = await call('GET', `/v1/lists/${list.id}/entries?limit=2`);
    const second = await call('GET', `/v1/lists/${list.id}/entries?limit=2&cursor=${first.body.next_cursor}`);
    expect([...first.body.items, ...second.body.items]).toEqual(entries.toSorted());
    expect(second.body.next_cursor).toBeNull();
    const change = { add: ['+12025550123', '+33612345678'], remove: ['+4479*'] };
    const changed = await call('PATCH', `/v1/lists/${list.id}`, change, { ifMatch: '"1"' });
    expect([changed.status, changed.body.size]).toEqual([200, 3]);
    expect(findLeaks(['447900111222', '12025550123'], await placesAtRest(tested))).toEqual([]);
  });

  it('refuses what is no number, and more than a list may hold', async () => {
    const wrong = await call('POST', '/v1/lists', { name: 'Wrong', kind: 'block', entries: ['447900111222'] });
    expect(refusal(wrong)).toEqual([400, 'invalid_request', '/entries/0']);
    const many = Array.from({ length: 10_000 }, (_, index) => `+1202${5_550_000 + index}`);
    const full = await made('/v1/lists', { name: 'Full', kind: 'allow', entries: many });
    const more = await call('PATCH', `/v1/lists/${full.id}`, { add: ['+33612345678'] }, { ifMatch: '*' });
    expect([more.status, more.body.code]).toEqual([409, 'limit_reached']);
  });
});

describe('projects', () => {
  it('have the root project before anybody made one', async () => {
    const { status, body } = await tested.call('GET', '/v1/project');
    expect([status, body.id, body.sms_countries]).toEqual([200, 'default', null]);
  });

  it('change part by part', async () => {
    project = await tested.project({ limits: { user_sends_per_minute: 5 } });
    const first = await call('PATCH', '/v1/project', { pause: { countries: ['GB'] } }, { ifMatch: '"1"' });
    expect(first.body).toMatchObject({ pause: { all: false, countries: ['GB'] }, sms_countries: [] });
    const limits = { project_sends_per_hour: 10 };
    const change = { limits, sms_countries: ['FR', 'GB'], retention_days: 7 };
    const second = await call('PATCH', `/v1/projects/${project}`, change, { project: 'default', ifMatch: '"2"' });
    expect(second.body).toMatchObject({
      limits: { project_sends_per_hour: 10, user_sends_per_minute: 5, ip_sends_per_hour: null },
      sms_countries: ['FR', 'GB'],
      retention_days: 7,
    });
    expect(refusal(await call('PATCH', '/v1/project', { limits }, { ifMatch: '*' }))).toEqual([
      400,
      'invalid_request',
      '/limits',
    ]);
  });

  it('go only when they are suspended and have no key, and take what they have with them', async () => {
    project = await tested.project();
    await made('/v1/policies', { purpose: 'login', rules: {} });
    const key = await made('/v1/keys', { name: 'Last', mode: 'test', scopes: ['platform'] });
    const remove = () => tested.call('DELETE', `/v1/projects/${project}`, undefined, { ifMatch: '*' });
    expect((await remove()).body.detail).toMatch(/Suspend/);
    const suspend = { status: 'suspended' };
    expect((await tested.call('PATCH', `/v1/projects/${project}`, suspend, { ifMatch: '*' })).status).toBe(200);
    expect((await tested.copies.read(project, 'access')).config?.isSuspended).toBe(true);
    expect((await remove()).body.detail).toMatch(/keys/);
    await call('DELETE', `/v1/keys/${key.id}`, undefined, { ifMatch: '*' });
    expect((await remove()).status).toBe(204);
    expect((await tested.call('GET', `/v1/projects/${project}`)).status).toBe(404);
    expect((await tested.copies.read(project, 'sending')).config?.policies).toEqual({});
  });
});

describe('the audit', () => {
  beforeAll(async () => void (project = await tested.project()));

  it('says who changed what, latest first, and nothing of what did not come about', async () => {
    const policy = await made('/v1/policies', { purpose: 'login', rules: { checks_max: 3 } });
    const change = { rules: { checks_max: 5 } };
    await call('PATCH', `/v1/policies/${policy.id}`, change, { ifMatch: '"1"', key: 'key_a', requestId: 'request-a' });
    expect((await call('POST', '/v1/policies', { purpose: 'login', rules: {} })).status).toBe(409);
    const { body } = await call('GET', '/v1/audit');
    expect(body.items).toMatchObject([
      {
        actor: 'key_a',
        action: 'policy.change',
        resource: 'policy',
        resource_id: policy.id,
        before: { rules: { checks_max: 3 } },
        after: change,
        request_id: 'request-a',
      },
      { actor: 'root', action: 'policy.create', before: null, after: { purpose: 'login' } },
      { action: 'project.create' },
    ]);
    const first = await call('GET', '/v1/audit?limit=1');
    const second = await call('GET', `/v1/audit?limit=1&cursor=${first.body.next_cursor}`);
    expect([first.body.items[0]?.id, second.body.items[0]?.id]).toEqual(body.items.slice(0, 2).map(({ id }) => id));
  });

  it('refuses a cursor of another list, project or filter', async () => {
    const { id } = await made('/v1/lists', { name: 'Two', kind: 'block', entries: ['+447900111222', '+447900111223'] });
    await made('/v1/lists', { name: 'Other', kind: 'block', entries: [] });
    await made('/v1/policies', { purpose: 'registration', rules: {} });
    const { id: other } = await made('/v1/lists', { name: 'Third', kind: 'block', entries: ['+447900111224'] });
    const paths = [
      '/v1/audit?limit=1',
      `/v1/audit?limit=1&resource_id=${id}`,
      `/v1/lists/${id}/entries?limit=1`,
      `/v1/lists/${other}/entries?limit=1`,
      '/v1/lists?limit=1',
      '/v1/policies?limit=1',
      '/v1/projects?limit=1',
    ];
    const elsewhere = { project: await tested.project() };
    for (const from of paths) {
      const { next_cursor: cursor } = (await call('GET', from)).body;
      if (cursor === null) continue;
      const own = await call('GET', `${from}&cursor=${cursor}`);
      expect(own.status, from).toBe(200);
      const others = paths.filter((path) => path !== from).map((path) => call('GET', `${path}&cursor=${cursor}`));
      if (!from.includes('lists/') && !from.includes('projects')) {
        others.push(call('GET', `${from}&cursor=${cursor}`, undefined, elsewhere));
      }
      for (const answer of await Promise.all(others)) {
        expect(refusal(answer), from).toEqual([400, 'invalid_request', '/cursor']);
      }
    }
  });

  it('refuses a cursor that is none of its own', async () => {
    for (const cursor of ['x', Buffer.from('["a","b"]').toString('base64url')]) {
      expect(refusal(await call('GET', `/v1/audit?cursor=${cursor}`))).toEqual([400, 'invalid_request', '/cursor']);
    }
  });
});
