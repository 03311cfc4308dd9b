import { eventually } from '@watchword/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSweepRecords } from '../src/usecases/sweep-records.ts';
import { COUNTED_OF } from './counted-streams.ts';
import { LIFE, type Scene, startScene } from './scene.ts';

let scene: Scene;
beforeEach(async () => {
  scene = await startScene();
});
afterEach(() => scene.close());

const DAY_MS = 24 * 3600 * 1000;

async function recordLives(): Promise<{ old: string[]; young: string }> {
  const now = Date.now();
  const old = await Promise.all(Array.from({ length: 130 }, (_, index) => scene.live(index % 4, now - 31 * DAY_MS)));
  const young = await scene.live(0, now - 29 * DAY_MS);
  const recorder = await scene.start({ RETENTION_CRON: '0 0 1 1 *' });
  await eventually('empty streams', 10_000, async () => ((await scene.waiting()) === 0 ? true : undefined));
  await scene.stop(recorder);
  return { old, young };
}

test('two sweeps at once delete what is old once, and the report of the day says the same', async () => {
  const { old, young } = await recordLives();
  const now = () => Date.now();
  const sweep = createSweepRecords({ records: scene.records, retentionDays: 30, now });
  const [first, second] = await Promise.all([sweep(), sweep()]);
  expect(first).toEqual(second);
  expect(first).toMatchObject({ total: 131, active: 0, used: 131, expired: 0, by_type: { login: 131 }, deleted: 130 });
  expect(await sweep()).toEqual(first);
  expect((await scene.records.readStates([...old, young])).size).toBe(1);
  expect(await scene.records.readEvents(old[0] ?? '')).toEqual([]);
  expect((await scene.records.readEvents(young)).map(({ type }) => type)).toEqual(LIFE);
});

test('a project keeps its verifications as long as it says, and the report counts them so', async () => {
  const { young } = await recordLives();
  const now = Date.now();
  const other = await scene.live(1, now - 31 * DAY_MS, '+14155550124', 'prj_other');
  const recorder = await scene.start({ RETENTION_CRON: '0 0 1 1 *' });
  await eventually('empty streams', 10_000, async () => ((await scene.waiting()) === 0 ? true : undefined));
  await scene.stop(recorder);
  await scene.addProject('p', 45);
  await scene.addProject('prj_other', null);
  const sweep = createSweepRecords({ records: scene.records, retentionDays: 30, now: () => now });
  expect(await sweep()).toMatchObject({ total: 132, due: 1, deleted: 1, cutoffs: { p: now - 45 * DAY_MS } });
  expect((await scene.records.readStates([young, other])).size).toBe(1);
  await scene.records.configuration.projects.change(
    { id: 'p', created_at: 1, version: 1 },
    { retention_days: 7, updated_at: 2 },
  );
  const tomorrow = now + DAY_MS;
  const again = await createSweepRecords({ records: scene.records, retentionDays: 30, now: () => tomorrow })();
  expect(again).toMatchObject({ total: 131, due: 131, deleted: 131 });
  expect((await scene.records.readStates([young])).size).toBe(0);
}, 30_000);

test('minutes are kept for 2 days and days for 400', async () => {
  const now = Date.now();
  const ages = { minute: [1, 3], day: [399, 401] } as const;
  const rows = (['minute', 'day'] as const).flatMap((resolution) =>
    ages[resolution].map((days) =>
      Object.assign({ resolution, project: 'p', bucket: now - days * DAY_MS, counters: { sent: 1 } }, COUNTED_OF),
    ),
  );
  await scene.records.addStatistics(rows);
  await createSweepRecords({ records: scene.records, retentionDays: 30, now: () => now })();
  const { items } = await scene.records.listStatistics(null, 9);
  expect(items.map(({ resolution, bucket }) => [resolution, bucket])).toEqual(
    expect.arrayContaining([
      ['minute', now - DAY_MS],
      ['day', now - 399 * DAY_MS],
    ]),
  );
  expect(items).toHaveLength(2);
});

test('the schedule runs the sweep', async () => {
  await recordLives();
  await scene.start({ RETENTION_CRON: '* * * * * *' });
  const day = new Date().toISOString().slice(0, 10);
  const swept = await eventually('a report', 8_000, async () => {
    const report = await scene.records.readReport(day);
    return report?.deleted === 130 ? report : undefined;
  });
  expect(swept).toMatchObject({ id: day, due: 130, total: 131 });
});
