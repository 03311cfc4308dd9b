import { createHash } from 'node:crypto';
import { configKeyOf } from '@watchword/platform';
import { eventually } from '@watchword/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import type { PublishedCopies } from '../src/ports.ts';
import { type StartOptions, startConsole, type TestConsole } from './console.fixture.ts';

const consoles: TestConsole[] = [];
async function start(options?: StartOptions): Promise<TestConsole> {
  const started = await startConsole(options);
  consoles.push(started);
  return started;
}
afterEach(async () => {
  for (const one of consoles.splice(0).toReversed()) await one.close();
});

const sha256 = (key: string) => createHash('sha256').update(key).digest('hex');
const policy = (purpose: string, checks = 5) => ({ purpose, rules: { checks_max: checks } });

describe('publishing', () => {
  it('answers a change only when Redis has it', async () => {
    const { call, copies, project } = await start();
    const id = await project();
    const before = await copies.epochOf(id);
    const { status } = await call('POST', '/v1/policies', policy('login'), { project: id });
    expect(status).toBe(201);
    const copy = await copies.read(id, 'sending');
    expect(copy.epoch).toBeGreaterThan(before);
    expect(copy.config?.policies).toEqual({ login: { checks_max: 5 } });
  });

  it('makes a key known by its hash alone, and lets a revoked one out of the copy', async () => {
    const { call, copies, project } = await start();
    const id = await project();
    const wanted = { name: 'Shop', mode: 'test', scopes: ['verifications:write'], project: id };
    const { body: key } = await call('POST', '/v1/keys', wanted);
    expect(key.key).toMatch(/^ww_test_/);
    expect(await copies.ownerOf(sha256(key.key))).toEqual({ owner: id });
    const known = (await copies.read(id, 'access')).config?.keys ?? [];
    expect(known).toEqual([
      { id: key.id, hash: sha256(key.key), mode: 'test', scopes: ['verifications:write'], expiresAt: null },
    ]);
    const { status } = await call('DELETE', `/v1/keys/${key.id}`, undefined, { project: id, ifMatch: '"1"' });
    expect(status).toBe(204);
    expect((await copies.read(id, 'access')).config?.keys).toEqual([]);
  });

  it('says again whose a key is when the shard that said so lost its data', async () => {
    const { call, copies, project, redis, file } = await start();
    const id = await project();
    const wanted = { name: 'Shop', mode: 'test', scopes: ['verifications:write'], project: id };
    const { body: key } = await call('POST', '/v1/keys', wanted);
    await redis.del(`ww:key:${sha256(key.key)}`);
    expect(await copies.ownerOf(sha256(key.key))).toEqual({ owner: null, isPublished: true });
    // Whose first round compares, as each one does a minute later.
    await start({ file });
    const owner = async () => (await copies.ownerOf(sha256(key.key))).owner ?? undefined;
    expect(await eventually('the key is known', 5_000, owner)).toBe(id);
  });

  it('keeps the copy of a deleted project empty, also when Redis brings an older one back', async () => {
    const { call, copies, project, redis, file } = await start();
    const id = await project();
    await call('POST', '/v1/policies', policy('login'), { project: id });
    const old = await redis.hgetall(configKeyOf(id));
    await call('PATCH', `/v1/projects/${id}`, { status: 'suspended' }, { ifMatch: '*' });
    expect((await call('DELETE', `/v1/projects/${id}`, undefined, { ifMatch: '*' })).status).toBe(204);
    expect((await call('GET', `/v1/projects/${id}`)).status).toBe(404);
    expect((await copies.read(id, 'access')).config?.isSuspended).toBe(true);
    await redis.hset(configKeyOf(id), old);
    expect((await copies.read(id, 'access')).config?.isSuspended).toBe(false);
    await start({ file });
    await eventually('it is empty again', 5_000, async () => {
      const [access, sending] = await Promise.all([copies.read(id, 'access'), copies.read(id, 'sending')]);
      return (access.config?.isSuspended && Object.keys(sending.config?.policies ?? {}).length === 0) || undefined;
    });
  });

  it('publishes what a console that ended between write and publication left behind', async () => {
    const failing = (real: PublishedCopies): PublishedCopies => ({
      ...real,
      publish: (project, epoch, parts) =>
        Object.keys(parts.sending.policies).length > 0
          ? Promise.reject(new Error('Connection is closed.'))
          : real.publish(project, epoch, parts),
    });
    const first = await start({ parts: { wrapCopies: failing } });
    const id = await first.project();
    const { status, body } = await first.call('POST', '/v1/policies', policy('login'), { project: id });
    expect([status, body.code]).toEqual([503, 'unavailable']);
    expect(body.detail).toMatch(/stored but not published/);
    expect((await first.copies.read(id, 'sending')).config?.policies).toEqual({});
    const second = await start({ file: first.file });
    const published = await eventually('the policy is published', 5_000, async () => {
      const { config } = await second.copies.read(id, 'sending');
      return config?.policies.login;
    });
    expect(published).toEqual({ checks_max: 5 });
  });

  it('loses none of many changes that race through two consoles', async () => {
    const first = await start();
    const second = await start({ file: first.file });
    const id = await first.project();
    const purposes = Array.from({ length: 16 }, (_, index) => `purpose_${index}`);
    const answers = await Promise.all(
      purposes.map((purpose, index) =>
        (index % 2 ? first : second).call('POST', '/v1/policies', policy(purpose), { project: id }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(purposes.map(() => 201));
    const copy = await first.copies.read(id, 'sending');
    expect(Object.keys(copy.config?.policies ?? {}).toSorted()).toEqual(purposes.toSorted());
  });

  it('lets one of two changes of a version win', async () => {
    const first = await start();
    const second = await start({ file: first.file });
    const id = await first.project();
    const { body } = await first.call('POST', '/v1/policies', policy('login'), { project: id });
    const answers = await Promise.all(
      [first, second].map(({ call }, index) =>
        call('PATCH', `/v1/policies/${body.id}`, { rules: { checks_max: 7 + index } }, { project: id, ifMatch: '"1"' }),
      ),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 412]));
    const winner = answers.find(({ status }) => status === 200);
    expect((await first.copies.read(id, 'sending')).config?.policies.login).toEqual(winner?.body.rules);
  });

  it('publishes a changed plan and a pause of the platform for every project', async () => {
    const { call, copies, project } = await start();
    const { body: plan } = await call('POST', '/v1/plans', { name: 'Small', monthly_sends: 100 });
    const [with1, with2, without] = [
      await project({ plan: plan.id }),
      await project({ plan: plan.id }),
      await project(),
    ];
    const change = { monthly_sends: 200 };
    const changed = await call('PATCH', `/v1/plans/${plan.id}`, change, { ifMatch: '"1"' });
    expect([changed.status, changed.etag]).toEqual([200, '"2"']);
    const sends = async (id: string) => (await copies.read(id, 'access')).config?.monthlySends;
    expect(await Promise.all([with1, with2, without].map(sends))).toEqual([200, 200, null]);

    const paused = await call('PATCH', '/v1/platform', { pause: { countries: ['GB'] } }, { ifMatch: '*' });
    expect(paused.status).toBe(200);
    const pauses = async (id: string) => (await copies.read(id, 'sending')).config?.pause;
    expect(await Promise.all([with1, without, 'default'].map(pauses))).toEqual(
      Array.from({ length: 3 }, () => ({ all: false, countries: ['GB'] })),
    );
    await call('PATCH', '/v1/platform', { pause: { countries: [] } }, { ifMatch: '*' });
  });
});
