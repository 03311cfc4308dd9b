import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConfigParts, type HopContext } from '@watchword/platform';
import { openRecords, type Records } from '@watchword/records';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createCarryOutChange } from '../src/usecases/carry-out-change.ts';
import { createPublishProject } from '../src/usecases/publish-project.ts';
import { createReconcile, MARK_DEAD_MS } from '../src/usecases/reconcile.ts';

// What the other tests cannot time: a change that ends between its mark and its publication while others are published.

const PROJECT = 'prj_marks';
let directory: string;
let records: Records;
let time: number;
let published: Map<string, ConfigParts>;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'watchword-marks-'));
  records = await openRecords({ file: join(directory, 'records.db') });
  time = Date.now();
  published = new Map();
  await records.configuration.projects.create({
    id: PROJECT,
    name: 'Test',
    status: 'active',
    plan: null,
    limits: { project_sends_per_hour: null, user_sends_per_minute: null, ip_sends_per_hour: null },
    pause: { all: false, countries: [] },
    sms_countries: null,
    retention_days: null,
    config_epoch: 0,
    unpublished_since: null,
    created_at: time,
    updated_at: time,
    version: 1,
  });
});
afterEach(async () => {
  await records.close();
  rmSync(directory, { recursive: true, force: true });
});

function scene() {
  const { configuration, audit } = records;
  const now = () => time;
  const epochs = new Map<string, number>();
  const copies = {
    publish: async (project: string, epoch: number, parts: ConfigParts) => {
      if ((epochs.get(project) ?? -1) >= epoch) return 'older' as const;
      epochs.set(project, epoch);
      published.set(project, parts);
      return 'published' as const;
    },
    isPublished: async () => true,
    markPublished: async () => {},
    epochOf: async (project: string) => epochs.get(project) ?? 0,
    ownAgain: async () => {},
  };
  const publishProject = createPublishProject({ configuration, copies, now, observer: { published: () => {} } });
  const carryOutChange = createCarryOutChange({ configuration, audit, publishProject, now });
  const reconcile = createReconcile({
    configuration,
    copies,
    publishProject,
    quotas: { seed: async () => {} },
    ensureRootProject: async () => {},
    observer: { foundForeignCopies: () => {} },
    now,
  });

  /** Makes a policy; `before` runs between its mark and its write, `after` before it is published. */
  const change = (purpose: string, before = async () => {}, after = async () => {}) =>
    carryOutChange(
      {
        project: PROJECT,
        concerned: async () => [PROJECT],
        entry: { action: 'policy.create', resource: 'policy', resourceId: purpose, before: null, after: null },
        write: async () => {
          await before();
          const dates = { created_at: time, updated_at: time, version: 1 };
          const document = { id: `pol_${purpose}`, project: PROJECT, purpose, rules: {}, ...dates };
          await configuration.policies.create(document);
          await after();
          return document;
        },
      },
      { key: 'root', requestId: 'request', deadline: time + 5_000 } as HopContext,
    );
  return { change, reconcile, configuration, copies, now };
}

class Killed extends Error {}
const dies = async () => {
  throw new Killed('the process ends here');
};
const purposes = () => Object.keys(published.get(PROJECT)?.sending.policies ?? {}).toSorted();
const unpublished = async () => (await records.configuration.projects.unpublished(Number.MAX_SAFE_INTEGER)).length;

it('clears its mark once the copy holds the change', async () => {
  const { change } = scene();
  await change('login');
  expect([purposes(), await unpublished()]).toEqual([['login'], 0]);
});

it('finds a change that ended after its write, though another one was marked and published around it', async () => {
  const { change, reconcile } = scene();
  // The other one marks while this one is between mark and write, and is published before this one writes.
  await expect(change('login', async () => void (await change('other')), dies)).rejects.toThrow(Killed);
  expect(purposes()).toEqual(['other']);
  expect(await unpublished()).toBe(1);
  await reconcile();
  expect(purposes()).toEqual(['login', 'other']);
});

it('keeps a mark under which a change may still be written, and publishes once more when none can', async () => {
  const { change, reconcile } = scene();
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
  time += 8_000;
  await reconcile();
  expect([purposes(), await unpublished()]).toEqual([['other', 'slow'], 1]);
  time += MARK_DEAD_MS;
  await reconcile();
  expect([purposes(), await unpublished()]).toEqual([['other', 'slow'], 0]);
});

it.each(['takeEpoch', 'snapshot'] as const)(
  'loses no change that is published while another is at its %s',
  async (step) => {
    const { change, configuration, copies, now } = scene();
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
      now,
      observer: { published: () => {} },
    });
    await publishProject(PROJECT);
    expect([isMeanwhile, purposes()]).toEqual([true, ['meanwhile']]);
  },
);

it('refuses to write under a mark that others may take for a dead change’s', async () => {
  const { configuration, audit } = records;
  let passed = 0;
  const carryOutChange = createCarryOutChange({
    configuration,
    audit,
    publishProject: async () => 'published',
    now: () => time,
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
    { key: 'root', requestId: 'request', deadline: time + 60_000 } as HopContext,
  );
  await expect(late).rejects.toMatchObject({ code: 'unavailable' });
  expect(isWritten).toBe(false);
  expect((await audit.list(PROJECT, { after: null, limit: 10 })).items).toEqual([]);
});
