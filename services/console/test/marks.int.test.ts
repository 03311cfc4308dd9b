import { afterEach, beforeEach, expect, it } from 'vitest';
import { createCarryOutChange } from '../src/usecases/carry-out-change.ts';
import { createPublishProject } from '../src/usecases/publish-project.ts';
import { MARK_DEAD_MS } from '../src/usecases/reconcile.ts';
import { openScene, type Scene } from './changes.fixture.ts';

// What the other tests cannot time: a change that ends between its mark and its publication while others are published.

const PROJECT = 'prj_marks';
let scene: Scene;
beforeEach(async () => {
  scene = await openScene();
  await scene.project(PROJECT);
});
afterEach(() => scene.close());

/** Makes a policy; `before` runs between its mark and its write, `after` before it is published. */
function change(purpose: string, before = async () => {}, after = async () => {}) {
  const { configuration, context, time } = scene;
  return scene.changing().carryOutChange(
    {
      project: PROJECT,
      concerned: async () => [PROJECT],
      entry: { action: 'policy.create', resource: 'policy', resourceId: purpose, before: null, after: null },
      write: async () => {
        await before();
        const dates = { created_at: time.now, updated_at: time.now, version: 1 };
        const document = { id: `pol_${purpose}`, project: PROJECT, purpose, rules: {}, ...dates };
        await configuration.policies.create(document);
        await after();
        return document;
      },
    },
    context,
  );
}

class Killed extends Error {}
const dies = async () => {
  throw new Killed('the process ends here');
};
const purposes = () => Object.keys(scene.redis.published.get(PROJECT)?.sending.policies ?? {}).toSorted();
const unpublished = async () => (await scene.configuration.projects.unpublished(Number.MAX_SAFE_INTEGER)).length;

it('clears its mark once the copy holds the change', async () => {
  await change('login');
  expect([purposes(), await unpublished()]).toEqual([['login'], 0]);
});

it('finds a change that ended after its write, though another one was marked and published around it', async () => {
  // The other one marks while this one is between mark and write, and is published before this one writes.
  await expect(change('login', async () => void (await change('other')), dies)).rejects.toThrow(Killed);
  expect(purposes()).toEqual(['other']);
  expect(await unpublished()).toBe(1);
  await scene.reconcile();
  expect(purposes()).toEqual(['login', 'other']);
});

it('keeps a mark under which a change may still be written, and publishes once more when none can', async () => {
  const { reconcile, time } = scene;
  const slow = change(
    'slow',
    async () => {
      await expect(change('other', async () => {}, dies)).rejects.toThrow(Killed);
      await reconcile();
      expect(purposes()).toEqual(['other']);
      expect(await unpublished()).toBe(1);
    },
    dies,
  );
  await expect(slow).rejects.toThrow(Killed);
  expect(purposes()).toEqual(['other']);
  // As a rule it is written by now; the mark stays for a database that hung.
  time.now += 8_000;
  await reconcile();
  expect([purposes(), await unpublished()]).toEqual([['other', 'slow'], 1]);
  time.now += MARK_DEAD_MS;
  await reconcile();
  expect([purposes(), await unpublished()]).toEqual([['other', 'slow'], 0]);
});

it.each(['takeEpoch', 'snapshot'] as const)(
  'loses no change that is published while another is at its %s',
  async (step) => {
    const { configuration, copies, time } = scene;
    let isMeanwhile = false;
    const meanwhile = async () => {
      if (isMeanwhile) return;
      isMeanwhile = true;
      await change('meanwhile');
    };
    const publishProject = createPublishProject({
      configuration: {
        projects: {
          ...configuration.projects,
          takeEpoch: async (project, at) => {
            if (step === 'takeEpoch') await meanwhile();
            return configuration.projects.takeEpoch(project, at);
          },
        },
        snapshot: async (project, at) => {
          const parts = await configuration.snapshot(project, at);
          if (step === 'snapshot') await meanwhile();
          return parts;
        },
      },
      copies,
      now: () => time.now,
      observer: { published: () => {} },
    });
    await publishProject(PROJECT);
    expect([isMeanwhile, purposes()]).toEqual([true, ['meanwhile']]);
  },
);

it('refuses to write under a mark that others may take for a dead change’s', async () => {
  const { configuration, records, context, time } = scene;
  let passed = 0;
  const carryOutChange = createCarryOutChange({
    configuration,
    audit: records.audit,
    publishProject: async () => 'published',
    now: () => time.now,
    elapsed: () => (passed += 6_000),
  });
  let isWritten = false;
  const late = carryOutChange(
    {
      project: PROJECT,
      concerned: async () => [PROJECT],
      entry: { action: 'policy.create', resource: 'policy', resourceId: 'late', before: null, after: null },
      write: async () => (isWritten = true),
    },
    context,
  );
  await expect(late).rejects.toMatchObject({ code: 'unavailable' });
  expect(isWritten).toBe(false);
  expect((await records.audit.list(PROJECT, { after: null, limit: 10 })).items).toEqual([]);
});
