import type { ConfigParts } from '@watchword/platform';
import { apiKeys, lists, policies, providers, routes, templates } from './collections/configuration.ts';
import { createPlans, createPlatformSettings, createProjects } from './configuration-projects.ts';
import { createShelf } from './configuration-shelf.ts';
import { toConfigParts } from './configuration-snapshot.ts';
import type { Store } from './store.ts';

/** What was decided: projects, and what belongs to them. Only the console writes it. */
export function createConfiguration(store: Store) {
  const shelves = {
    keys: createShelf(store, apiKeys, 'created_at'),
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

    /** All of a project's configuration, for its copy; null when there is no such project. Keys that ended are not in it. */
    async snapshot(id: string, now: number): Promise<ConfigParts | null> {
      const project = await projects.read(id);
      if (project === null) return null;
      const [plan, settings, unrevoked, ...others] = await Promise.all([
        project.plan === null ? null : plans.read(project.plan),
        platform.read(now),
        shelves.keys.ofProject(id, { revoked_at: null }),
        shelves.policies.ofProject(id),
        shelves.templates.ofProject(id),
        shelves.routes.ofProject(id),
        shelves.providers.ofProject(id),
        shelves.lists.ofProject(id),
      ]);
      const [ofPurposes, messages, ways, accounts, numbers] = others;
      return toConfigParts({
        project,
        monthlySends: plan?.monthly_sends ?? null,
        pause: settings.pause,
        keys: unrevoked.filter(({ expires_at }) => expires_at === null || expires_at > now),
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
