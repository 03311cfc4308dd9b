import type { ConfigParts } from '@watchword/platform';
import { lists, policies, providers, routes, templates } from './collections/configuration.ts';
import { createKeys } from './configuration-keys.ts';
import { createPlans, createPlatformSettings, createProjects } from './configuration-projects.ts';
import { createShelf } from './configuration-shelf.ts';
import { toConfigParts } from './configuration-snapshot.ts';
import { RecordsRejected, type Store } from './store.ts';

/** What was decided: projects, and what belongs to them. Only the console writes it. */
export function createConfiguration(store: Store) {
  const shelves = {
    keys: createKeys(store),
    policies: createShelf(store, policies),
    templates: createShelf(store, templates),
    routes: createShelf(store, routes),
    providers: createShelf(store, providers),
    lists: createShelf(store, lists),
  };
  const plans = createPlans(store);
  const platform = createPlatformSettings(store);
  const projects = createProjects(store);

  return {
    ...shelves,
    plans,
    platform,
    projects,

    /**
     * All of a project's configuration, for its copy; null when there never was such a project. Keys that ended are not in it.
     *
     * @throws RecordsRejected when its plan is gone: without one it would have no quota.
     */
    async snapshot(id: string, now: number): Promise<ConfigParts | null> {
      const project = await projects.readKept(id);
      if (project === null) return null;
      const [plan, settings, keys, ...others] = await Promise.all([
        project.plan === null ? null : plans.read(project.plan),
        platform.read(now),
        shelves.keys.valid(id, now),
        shelves.policies.ofProject(id),
        shelves.templates.ofProject(id),
        shelves.routes.ofProject(id),
        shelves.providers.ofProject(id),
        shelves.lists.ofProject(id),
      ]);
      if (project.plan !== null && plan === null) {
        throw new RecordsRejected(`Project ${id} has plan ${project.plan}, which is gone: give it another plan.`);
      }
      const [ofPurposes, messages, ways, accounts, numbers] = others;
      return toConfigParts({
        project,
        monthlySends: plan?.monthly_sends ?? null,
        pause: settings.pause,
        keys,
        policies: ofPurposes,
        templates: messages,
        routes: ways,
        providers: accounts,
        lists: numbers,
      });
    },
  };
}

export type Configuration = ReturnType<typeof createConfiguration>;
