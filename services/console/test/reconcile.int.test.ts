import { randomBytes } from 'node:crypto';
import { ROOT_PROJECT } from '@watchword/contracts';
import { keyRingVariable } from '@watchword/platform';
import { createBlindIndex } from '@watchword/records';
import { createSealer } from '@watchword/verifications';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { mintKey } from '../src/domain/mint-key.ts';
import { initialize } from '../src/usecases/initialize.ts';
import { MARK_DEAD_MS } from '../src/usecases/reconcile.ts';
import { openScene, type Scene } from './changes.fixture.ts';

let scene: Scene;
beforeEach(async () => {
  scene = await openScene();
});
afterEach(() => scene.close());

const MINUTE = 60_000;
const unpublished = async () =>
  (await scene.configuration.projects.unpublished(Number.MAX_SAFE_INTEGER)).map(({ project }) => project);
const copied = () => [...scene.redis.published.keys()].toSorted();

it('publishes all others when one project cannot be, and says which one that is', async () => {
  const { project, redis, reconcile, time } = scene;
  // The first of them, so that it would keep the others from their turn.
  await project('prj_a', { plan: 'pln_gone', unpublished_since: time.now - 2 });
  for (let index = 0; index < 10; index += 1) await project(`prj_b${index}`, { unpublished_since: time.now });
  redis.isPublished = false;
  await expect(reconcile()).rejects.toThrow('Project prj_a cannot be published');
  expect(copied()).toEqual(Array.from({ length: 10 }, (_, index) => `prj_b${index}`));
  expect(redis.isPublished).toBe(true);

  time.now += MARK_DEAD_MS + 10;
  await expect(reconcile()).rejects.toThrow('prj_a');
  expect(await unpublished()).toEqual(['prj_a']);
});

it('tries a project that could not be published in every round, though nobody had marked it', async () => {
  const { project, redis, reconcile, configuration, time } = scene;
  await project('prj_a', { plan: 'pln_gone' });
  redis.isPublished = false;
  await expect(reconcile()).rejects.toThrow('prj_a');
  const dates = { created_at: time.now, updated_at: time.now, version: 1 };
  await configuration.plans.create({ id: 'pln_gone', name: 'Back', monthly_sends: 7, ...dates });
  await reconcile();
  expect(redis.published.get('prj_a')?.access.monthlySends).toBe(7);
});

it('tells nobody that a key is unknown while a part of Redis is away that may have it', async () => {
  const { project, redis, reconcile } = scene;
  await project('prj_a');
  await project('prj_b');
  Object.assign(redis, { isPublished: false });
  redis.away.add('prj_a');
  await expect(reconcile()).rejects.toThrow('prj_a');
  expect([copied(), redis.isPublished]).toEqual([['prj_b'], false]);
  redis.away.clear();
  await reconcile();
  expect([copied(), redis.isPublished]).toEqual([['prj_a', 'prj_b'], true]);
});

it('replaces copies from after the backup that the database was restored from, also where clocks were ahead', async () => {
  const { project, redis, reconcile, publishProject, time } = scene;
  await project('prj_a');
  await project('prj_b', { config_epoch: time.now + 10 });
  await publishProject('prj_a');
  const [before] = [...redis.published.values()];
  if (before === undefined) throw new Error('nothing was published');
  const revived = { ...before, sending: { ...before.sending, smsCountries: ['GB'] } };
  for (const id of ['prj_a', 'prj_b']) {
    redis.epochs.set(id, time.now + 10 * MINUTE);
    redis.published.set(id, revived);
  }
  await reconcile();
  expect([...redis.published.values()].map(({ sending }) => sending.smsCountries)).toEqual([null, null]);
  const newest = redis.epochs.get('prj_a');
  time.now += MINUTE;
  await reconcile();
  expect(redis.epochs.get('prj_a'), 'it is published once').toBe(newest);
});

it('seeds what was sent before it publishes a copy that Redis has lost', async () => {
  const { project, redis, reconcile, seeded, publishProject } = scene;
  await publishProject(await project('prj_a'));
  redis.epochs.clear();
  redis.published.clear();
  await reconcile();
  expect([seeded, copied()]).toEqual([[{ project: 'prj_a', isFirst: true }], ['prj_a']]);
});

it('warns once when Redis holds copies and the database no project', async () => {
  const { reconcile, warnings, project } = scene;
  await reconcile();
  await reconcile();
  expect(warnings).toEqual(['foreign copies']);
  await project('prj_a');
  await reconcile();
  expect(warnings).toHaveLength(1);
});

it('has nothing to warn of when Redis is empty too', async () => {
  const { reconcile, redis, warnings } = scene;
  redis.isPublished = false;
  await reconcile();
  expect(warnings).toEqual([]);
});

it('publishes the first key, though the clock that it was made by is far behind the console’s', async () => {
  const { records, reconcile, time, redis } = scene;
  const behind = time.now - 10 * MARK_DEAD_MS;
  const configuration = {
    ...records.configuration,
    keys: {
      ...records.configuration.keys,
      // A round between the mark and the key, which takes the mark for a dead change's.
      create: async (document: Parameters<typeof records.configuration.keys.create>[0]) => {
        await reconcile();
        expect(await unpublished()).toEqual([]);
        return records.configuration.keys.create(document);
      },
    },
  };
  const ring = keyRingVariable().parse(randomBytes(32).toString('base64url'));
  const wanted = { project: ROOT_PROJECT, name: 'first', mode: 'test', scopes: [], expires_at: null } as const;
  const { document } = mintKey({ ...wanted, scopes: [] }, 'command', behind);
  await initialize({
    records: { ...records, configuration },
    sealer: createSealer(ring),
    sealKey: ring.current.id,
    blindIndex: createBlindIndex(ring),
    owner: { email: 'owner@example.com', passwordHash: 'none' },
    key: document,
    now: behind,
  });
  await reconcile();
  expect(redis.published.get(ROOT_PROJECT)?.access.keys.map(({ id }) => id)).toEqual([document.id]);
});
