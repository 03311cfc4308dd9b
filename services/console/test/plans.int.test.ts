import { eventually } from '@watchword/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createPlatformUseCases } from '../src/usecases/platform.ts';
import { createProjectUseCases } from '../src/usecases/projects.ts';
import { openScene, type Scene } from './changes.fixture.ts';
import { startConsole } from './console.fixture.ts';

let scene: Scene;
beforeEach(async () => {
  scene = await openScene();
  const { configuration, time } = scene;
  const dates = { created_at: time.now, updated_at: time.now, version: 1 };
  for (const id of ['pln_old', 'pln_new']) {
    await configuration.plans.create({ id, name: id, monthly_sends: 10, ...dates });
  }
});
afterEach(() => scene.close());

const planOf = async (project: string) => (await scene.configuration.projects.read(project))?.plan;
const isThere = async (plan: string) => (await scene.configuration.plans.read(plan)) !== null;

it('keeps a plan that another console gives to a project just before it is deleted', async () => {
  const { configuration, context } = scene;
  const id = await scene.project('prj_a');
  const platform = createPlatformUseCases(
    scene.changing({
      plans: {
        ...configuration.plans,
        remove: async (known) => {
          const project = await configuration.projects.read(id);
          if (project) await configuration.projects.change(project, { plan: 'pln_new' });
          return configuration.plans.remove(known);
        },
      },
    }),
  );
  await expect(platform.deletePlan('pln_new', context)).rejects.toMatchObject({ code: 'in_use' });
  expect([await planOf(id), await isThere('pln_new')]).toEqual(['pln_new', true]);
});

/** Another console deletes the plan after it was looked for, before it is given to the project. */
const whilePlanGoes = () => {
  const { projects, plans } = scene.configuration;
  const remove = async () => {
    const known = await plans.read('pln_new');
    if (known) await plans.remove(known);
  };
  return createProjectUseCases(
    scene.changing({
      projects: {
        ...projects,
        change: async (known, set) => {
          await remove();
          return projects.change(known, set);
        },
        create: async (document) => {
          await remove();
          return projects.create(document);
        },
      },
    }),
  );
};

it('leaves a project its plan when another console deletes the one that it is to get', async () => {
  const id = await scene.project('prj_a', { plan: 'pln_old' });
  const change = whilePlanGoes().changeProject(id, { plan: 'pln_new', name: 'Other' }, scene.context);
  await expect(change).rejects.toMatchObject({ code: 'not_found' });
  expect(await scene.configuration.projects.read(id)).toMatchObject({ plan: 'pln_old', name: 'Test', version: 3 });
  expect(scene.redis.published.get(id)?.access.monthlySends).toBe(10);
  expect((await scene.records.audit.list(id, { after: null, limit: 9 })).items).toEqual([]);
});

it('makes no project with a plan that another console deletes', async () => {
  const create = whilePlanGoes().createProject({ name: 'New', plan: 'pln_new', sms_countries: null }, scene.context);
  await expect(create).rejects.toMatchObject({ code: 'not_found' });
  expect(await scene.configuration.projects.isEmpty()).toBe(true);
});

it('lets one of a deletion of a plan and its giving win, within one console and between two', async () => {
  const first = await startConsole();
  const second = await startConsole({ file: first.file });
  try {
    for (let round = 0; round < 8; round += 1) {
      const other = round % 2 === 0 ? first : second;
      const project = await first.project();
      const { body: plan } = await first.call('POST', '/v1/plans', { name: 'Small', monthly_sends: 10 });
      const answers = await Promise.all([
        first.call('PATCH', `/v1/projects/${project}`, { plan: plan.id }, { ifMatch: '*' }),
        other.call('DELETE', `/v1/plans/${plan.id}`, undefined, { ifMatch: '*' }),
      ]);
      const statuses = answers.map(({ status }) => status);
      expect(statuses, 'both').not.toEqual([200, 204]);
      // 503: stored, and the project had no plan at the moment of publishing; the loop publishes it. 412: each was in the other's way.
      const isGiven = statuses[0] === 200 || statuses[0] === 503;
      expect(isGiven ? [409] : [204, 409, 412, 503], String(statuses)).toContain(statuses[1]);
      await eventually('the copy has the plan, or none', 15_000, async () => {
        const { config } = await first.copies.read(project, 'access');
        return config?.monthlySends === (isGiven ? 10 : null) || undefined;
      });
    }
  } finally {
    await second.close();
    await first.close();
  }
});

it('answers a pause of many projects in time, and has the loop publish the rest', async () => {
  const { configuration, time, redis, reconcile, context } = scene;
  const ids = Array.from({ length: 40 }, (_, index) => `prj_${index}`);
  for (const id of ids) await scene.project(id);
  await configuration.platform.read(time.now);
  const changing = scene.changing();
  // As if each project's copy took a fifth of a second.
  const takeEpoch = configuration.projects.takeEpoch;
  const slow = { takeEpoch: async (id: string, at: number) => ((time.elapsed += 200), takeEpoch(id, at)) };
  Object.assign(configuration.projects, slow);
  const change = createPlatformUseCases(changing).changePlatform({ pause: { all: true } }, context);
  await expect(change).rejects.toMatchObject({ code: 'unavailable', message: expect.stringMatching(/is stored/) });
  const paused = () => [...redis.published.values()].filter(({ sending }) => sending.pause.all).length;
  expect(paused()).toBeGreaterThan(8);
  expect(paused()).toBeLessThan(ids.length);
  await reconcile();
  expect(paused()).toBe(ids.length);
});
