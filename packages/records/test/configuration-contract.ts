import { beforeEach, describe, expect, test } from 'vitest';
import { apiKeys } from '../src/collections/configuration.ts';
import { createRecords, type Records } from '../src/records.ts';
import { add, type Store } from '../src/store.ts';
import { dated, keyOf, NOW, policyOf, projectOf, providerOf } from './configuration-documents.ts';

/** What the configuration promises, whatever keeps it. */
export function testConfiguration(openEmpty: () => Promise<Store>): void {
  describe('what was decided', () => {
    let configuration: Records['configuration'];
    let records: Records;
    let store: Store;
    beforeEach(async () => {
      store = await openEmpty();
      records = createRecords(store);
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
      await configuration.projects.clearMarks([{ project: 'p-1', at: NOW }]);
      expect(await configuration.projects.unpublished(NOW + 100)).toEqual([{ project: 'p-1', at: NOW + 5 }]);
      await configuration.projects.clearMarks([{ project: 'p-1', at: NOW + 5 }]);
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
      await configuration.keys.create(keyOf('key_1'));
      await configuration.keys.create(keyOf('key_2', { revoked_at: NOW }));
      await configuration.keys.create(keyOf('key_3', { expires_at: NOW }));
      await configuration.policies.create(policyOf('pol_1', { purpose: 'login' }));
      await configuration.providers.create(providerOf('prv_1', { sends_per_second: 20 }));
      const template = { project: 'p-1', purpose: '*', channel: 'email', locale: '*', ...dated } as const;
      const content = { text: '{{code}}', subject: 'Your code', html: null };
      await configuration.templates.create({ id: 'tpl_1', ...template, ...content });
      const snapshot = await configuration.snapshot('p-1', NOW);
      expect(snapshot).toMatchObject({
        access: { isSuspended: false, monthlySends: 100, keys: [{ id: 'key_1' }] },
        sending: { policies: { login: { checks_max: 5 } }, smsCountries: null, lists: [] },
        delivery: {
          providers: [{ id: 'prv_1', isDraining: false, credentials: 'AQD/', sendsPerSecond: 20 }],
          routes: [],
          templates: [{ id: 'tpl_1', channel: 'email', ...content }],
        },
      });
      expect(snapshot?.access.keys).toHaveLength(1);
      expect(snapshot?.sending.pause.countries.toSorted()).toEqual(['FR', 'GB']);
      expect(await configuration.snapshot('p-none', NOW)).toBeNull();
    });

    test('keys that have ended take no room from valid ones, however many they are', async () => {
      await configuration.projects.create(projectOf('p-1'));
      const ended = Array.from({ length: 10_000 }, (_, index) => keyOf(`key_a${index}`, { expires_at: NOW - 1 }));
      await store.write([add(apiKeys, ended)]);
      await configuration.keys.create(keyOf('key_b', { expires_at: NOW + 1 }));
      await configuration.keys.create(keyOf('key_c'));
      const snapshot = await configuration.snapshot('p-1', NOW);
      expect(snapshot?.access.keys.map(({ id }) => id).toSorted()).toEqual(['key_b', 'key_c']);
    });

    test('a project whose plan is gone has no snapshot, rather than one without a quota', async () => {
      await configuration.projects.create(projectOf('p-1', { plan: 'pln_gone' }));
      await expect(configuration.snapshot('p-1', NOW)).rejects.toThrow(/p-1 has plan pln_gone, which is gone/);
    });

    test('nobody finds a deleted project, and its copy is seen to all the same', async () => {
      const { projects } = configuration;
      expect(await projects.isEmpty()).toBe(true);
      const project = projectOf('p-1', { plan: 'pln_1', retention_days: 7 });
      await projects.create(project);
      await projects.create(projectOf('p-2'));
      expect(await projects.remove({ ...project, version: 2 }, NOW)).toBe('stale');
      expect(await projects.remove(project, NOW + 1)).toBe('removed');
      expect(await projects.read('p-1')).toBeNull();
      expect((await projects.list(null, 1)).items.map(({ id }) => id)).toEqual(['p-2']);
      expect(await projects.ids('pln_1')).toEqual([]);
      const epoch = await projects.takeEpoch('p-1', NOW);
      expect(await projects.epochs()).toContainEqual({ project: 'p-1', epoch });
      const snapshot = await configuration.snapshot('p-1', NOW);
      expect(snapshot?.access).toMatchObject({ isSuspended: true, keys: [], monthlySends: null });
      expect((await records.readRetentions()).get('p-1')).toBe(7);
    });

    test('all projects are marked at once, and a mark that another has set stays no one’s alone', async () => {
      const { projects } = configuration;
      for (const id of ['p-1', 'p-2', 'p-3']) await projects.create(projectOf(id));
      const other = await projects.markChanging('p-2', NOW - 5);
      const marks = await projects.markAllChanging(NOW);
      expect(marks).toEqual([
        { project: 'p-1', at: NOW, isSole: true },
        { project: 'p-2', at: NOW, isSole: false },
        { project: 'p-3', at: NOW, isSole: true },
      ]);
      await projects.clearMarks(other ? [other] : []);
      await projects.clearMarks(marks.filter(({ isSole }) => isSole));
      expect(await projects.unpublished(NOW + 1)).toEqual([{ project: 'p-2', at: NOW }]);
    });

    test('marking all takes no mark of the same millisecond for its own', async () => {
      const { projects } = configuration;
      for (const id of ['p-1', 'p-2']) await projects.create(projectOf(id));
      await projects.markChanging('p-2', NOW);
      const marks = await projects.markAllChanging(NOW);
      expect(marks.filter(({ isSole }) => isSole)).toEqual([]);
      expect((await projects.unpublished(NOW + 9)).map(({ at }) => at)).toEqual(marks.map(({ at }) => at));
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
