import { beforeEach, describe, expect, test } from 'vitest';
import type { PolicyDocument, ProjectDocument, ProviderDocument } from '../src/collections/configuration.ts';
import { createRecords, type Records } from '../src/records.ts';
import type { Store } from '../src/store.ts';

const NOW = 1_700_000_000_000;
const dated = { created_at: NOW, updated_at: NOW, version: 1 };

const projectOf = (id: string, changes: Partial<ProjectDocument> = {}): ProjectDocument => ({
  id,
  name: 'Test',
  status: 'active',
  plan: null,
  limits: { project_sends_per_hour: null, user_sends_per_minute: 3, ip_sends_per_hour: null },
  pause: { all: false, countries: [] },
  sms_countries: null,
  retention_days: null,
  config_epoch: 0,
  unpublished_since: null,
  ...dated,
  ...changes,
});

const policyOf = (id: string, changes: Partial<PolicyDocument> = {}): PolicyDocument => ({
  id,
  project: 'p-1',
  purpose: id,
  rules: { checks_max: 5, workflow: [{ channel: 'sms' }] },
  ...dated,
  ...changes,
});

const providerOf = (id: string, changes: Partial<ProviderDocument> = {}): ProviderDocument => ({
  id,
  project: 'p-1',
  name: id,
  kind: 'twilio',
  mode: 'test',
  status: 'enabled',
  settings: { from: '+15005550006' },
  credentials: Buffer.from([1, 0, 255]),
  seal_key: 1,
  cost_micros: { '*': 7_500 },
  ...dated,
  ...changes,
});

/** What the configuration promises, whatever keeps it. */
export function testConfiguration(openEmpty: () => Promise<Store>): void {
  describe('what was decided', () => {
    let configuration: Records['configuration'];
    let records: Records;
    beforeEach(async () => {
      records = createRecords(await openEmpty());
      ({ configuration } = records);
    });

    test('a document belongs to its project, and is no other one’s', async () => {
      const policy = policyOf('pol_1');
      expect(await configuration.policies.create(policy)).toBe('inserted');
      expect(await configuration.policies.read('p-1', 'pol_1')).toEqual(policy);
      expect(await configuration.policies.read('p-2', 'pol_1')).toBeNull();
      expect(await configuration.policies.ofProject('p-2')).toEqual([]);
    });

    test('there is one of a name in a project', async () => {
      await configuration.providers.create(providerOf('prv_1', { name: 'A' }));
      await configuration.providers.create(providerOf('prv_2', { name: 'B' }));
      expect(await configuration.providers.create(providerOf('prv_3', { name: 'A' }))).toBe('exists');
      expect(await configuration.providers.create(providerOf('prv_4', { name: 'A', project: 'p-2' }))).toBe('inserted');
      const known = providerOf('prv_2', { name: 'B' });
      expect(await configuration.providers.change(known, { ...known, name: 'A', version: 2 })).toBe('exists');
      expect(await configuration.providers.read('p-1', 'prv_2')).toEqual(known);
    });

    test('one of many changes of a version wins, and only that version can be deleted', async () => {
      const known = policyOf('pol_1');
      await configuration.policies.create(known);
      const outcomes = await Promise.all(
        Array.from({ length: 8 }, (_, index) =>
          configuration.policies.change(known, { ...known, rules: { checks_max: index + 1 }, version: 2 }),
        ),
      );
      expect(outcomes.filter((outcome) => outcome === 'changed')).toHaveLength(1);
      expect(await configuration.policies.remove(known)).toBe('stale');
      expect(await configuration.policies.remove({ ...known, version: 2 })).toBe('removed');
      expect(await configuration.policies.read('p-1', 'pol_1')).toBeNull();
    });

    test('pages hold each document once, in order, to the end', async () => {
      const ids = Array.from({ length: 5 }, (_, index) => `pol_${index}`);
      for (const id of ids) await configuration.policies.create(policyOf(id));
      await configuration.policies.create(policyOf('pol_other', { project: 'p-2' }));
      const first = await configuration.policies.list('p-1', null, 2);
      const second = await configuration.policies.list('p-1', first.next, 2);
      const third = await configuration.policies.list('p-1', second.next, 2);
      expect([first, second, third].flatMap(({ items }) => items.map(({ id }) => id))).toEqual(ids);
      expect(third.next).toBeNull();
    });

    test('a project’s mark and epoch move beside its version, and its changes beside them', async () => {
      const project = projectOf('p-1', { sms_countries: ['GB'] });
      await configuration.projects.create(project);
      expect(await configuration.projects.markChanging('p-1', NOW)).toEqual({ project: 'p-1', at: NOW, isSole: true });
      expect(await configuration.projects.takeEpoch('p-1', NOW)).toBe(NOW);
      expect(await configuration.projects.change(project, { sms_countries: null, updated_at: NOW + 1 })).toBe(
        'changed',
      );
      expect(await configuration.projects.change(project, { updated_at: NOW + 2 })).toBe('stale');
      expect(await configuration.projects.read('p-1')).toEqual({
        ...project,
        sms_countries: null,
        updated_at: NOW + 1,
        version: 2,
        config_epoch: NOW,
        unpublished_since: NOW,
      });
    });

    test('no two marks of a project are the same, and the first alone is sole', async () => {
      await configuration.projects.create(projectOf('p-1'));
      const marks = await Promise.all(Array.from({ length: 6 }, () => configuration.projects.markChanging('p-1', NOW)));
      expect(new Set(marks.map((mark) => mark?.at)).size).toBe(6);
      const [sole, ...more] = marks.filter((mark) => mark?.isSole);
      expect([sole?.at, more]).toEqual([NOW, []]);
      await configuration.projects.clearMark({ project: 'p-1', at: NOW });
      expect(await configuration.projects.unpublished(NOW + 100)).toEqual([{ project: 'p-1', at: NOW + 5 }]);
      await configuration.projects.clearMark({ project: 'p-1', at: NOW + 5 });
      expect(await configuration.projects.unpublished(NOW + 100)).toEqual([]);
      expect(await configuration.projects.markChanging('p-none', NOW)).toBeNull();
    });

    test('no two takers get the same epoch, and a clock that goes back takes none back', async () => {
      await configuration.projects.create(projectOf('p-1'));
      const epochs = await Promise.all(
        Array.from({ length: 6 }, (_, index) => configuration.projects.takeEpoch('p-1', NOW - index)),
      );
      expect(new Set(epochs).size).toBe(6);
      expect(await configuration.projects.takeEpoch('p-1', 0)).toBe(Math.max(...epochs.map(Number)) + 1);
      expect(await configuration.projects.takeEpoch('p-none', NOW)).toBeNull();
    });

    test('a snapshot holds what the services read: the plan, both pauses, and no key that has ended', async () => {
      const plan = { id: 'pln_1', name: 'Small', monthly_sends: 100, ...dated };
      await configuration.plans.create(plan);
      await configuration.projects.create(
        projectOf('p-1', { plan: 'pln_1', pause: { all: false, countries: ['GB'] } }),
      );
      const settings = await configuration.platform.read(NOW);
      const pause = { all: false, countries: ['FR', 'GB'] };
      await configuration.platform.change(settings, { pause, updated_at: NOW });
      const key = {
        project: 'p-1',
        name: 'Key',
        hint: 'ww_test_',
        mode: 'test' as const,
        scopes: ['platform' as const],
        expires_at: null,
        revoked_at: null,
        replaced_by: null,
        created_by: 'root',
        ...dated,
      };
      await configuration.keys.create({ ...key, id: 'key_1', hash: 'a' });
      await configuration.keys.create({ ...key, id: 'key_2', hash: 'b', revoked_at: NOW });
      await configuration.keys.create({ ...key, id: 'key_3', hash: 'c', expires_at: NOW });
      await configuration.policies.create(policyOf('pol_1', { purpose: 'login' }));
      await configuration.providers.create(providerOf('prv_1'));
      const snapshot = await configuration.snapshot('p-1', NOW);
      expect(snapshot).toMatchObject({
        access: { isSuspended: false, monthlySends: 100, keys: [{ id: 'key_1' }] },
        sending: { policies: { login: { checks_max: 5 } }, smsCountries: null, lists: [] },
        delivery: { providers: [{ id: 'prv_1', isDraining: false, credentials: 'AQD/' }], routes: [], templates: [] },
      });
      expect(snapshot?.access.keys).toHaveLength(1);
      expect(snapshot?.sending.pause.countries.toSorted()).toEqual(['FR', 'GB']);
      expect(await configuration.snapshot('p-none', NOW)).toBeNull();
    });

    test('the audit of a project is its own, latest first', async () => {
      const entry = {
        project: 'p-1',
        actor: 'root',
        action: 'policy.create',
        resource: 'policy',
        before: null,
        after: { rules: { checks_max: 5 } },
        request_id: 'request',
      };
      for (const [index, id] of ['aud_1', 'aud_2', 'aud_3'].entries()) {
        await records.audit.append({ ...entry, id, resource_id: index === 1 ? 'pol_2' : 'pol_1', at: NOW + index });
      }
      await records.audit.append({ ...entry, id: 'aud_4', project: 'p-2', resource_id: 'pol_1', at: NOW });
      const idsOf = async (resourceId?: string) =>
        (await records.audit.list('p-1', { resourceId, after: null, limit: 10 })).items.map(({ id }) => id);
      expect(await idsOf()).toEqual(['aud_3', 'aud_2', 'aud_1']);
      expect(await idsOf('pol_1')).toEqual(['aud_3', 'aud_1']);
      await records.audit.withdraw('aud_3');
      const page = await records.audit.list('p-1', { after: null, limit: 1 });
      expect(page.items[0]).toMatchObject({ id: 'aud_2', before: null, after: entry.after });
      expect((await records.audit.list('p-1', { after: page.next, limit: 1 })).items.map(({ id }) => id)).toEqual([
        'aud_1',
      ]);
    });
  });
}
